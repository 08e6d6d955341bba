#!/bin/bash
# fuzz.sh TIME: run each fuzz target of the module for that long. What fails is
# printed with the input that did it.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in $(go list ./...); do
	targets=$(go test -list '^Fuzz' "$package")
	for target in $(grep '^Fuzz' <<<"$targets"); do
		echo "-- $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$package"
	done
done
