#!/bin/bash
# fuzz.sh TIME: run each fuzz target of the module for that long, as many at a
# time as there are processors. What fails is printed with the input that did it.
set -euo pipefail
cd "$(dirname "$0")/.."

# expired TARGET LOG: a run whose time is up in the middle of an input fails with
# that alone, now and then. One that has found something says more: an input, a
# panic, a line of the test, a process that ended. No other word is let pass.
expired() {
	grep -q '^    context deadline exceeded$' "$2" &&
		! grep -qvE "^(fuzz: elapsed: .*|warning: starting with empty corpus|--- FAIL: $1 \\([0-9.]+s\\)|    context deadline exceeded|FAIL|exit status 1|FAIL	.*|)\$" "$2"
}

# one TIME PACKAGE TARGET
one() {
	local log
	log=$(mktemp)
	if go test -run '^$' -fuzz "^$3\$" -fuzztime "$1" -parallel 1 "$2" >"$log" 2>&1 || expired "$3" "$log"; then
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
