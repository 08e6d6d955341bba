#!/bin/bash
# fuzz.sh TIME: run each fuzz target of the module for that long, as many at a
# time as there are processors. What fails is printed with the input that did it.
set -euo pipefail
cd "$(dirname "$0")/.."

# one TIME PACKAGE TARGET
one() {
	local log
	log=$(mktemp)
	# A run whose time is up in the middle of an input fails with that alone, now
	# and then; one that has found something names the file of its input.
	if go test -run '^$' -fuzz "^$3\$" -fuzztime "$1" -parallel 1 "$2" >"$log" 2>&1 ||
		grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input' "$log"; then
		echo "ok   $2 $3: $(grep -o 'execs: [0-9]*' "$log" | tail -1)"
		rm "$log"
		return
	fi
	echo "FAIL $2 $3"
	cat "$log"
	rm "$log"
	return 1
}

if [ "${1:-}" = --one ]; then
	one "${@:2}"
	exit
fi

targets() {
	local package target
	for package in $(go list ./...); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
			echo "$package $target"
		done
	done
}

list=$(targets)
[ -n "$list" ] || { echo "no fuzz target was found"; exit 1; }
xargs -P "$(nproc)" -L 1 "$0" --one "${1:?usage: fuzz.sh TIME}" <<<"$list"
echo "all $(wc -l <<<"$list") targets ran for $1 each"
