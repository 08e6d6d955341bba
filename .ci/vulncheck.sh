#!/bin/bash
# vulncheck.sh GOVULNCHECK ARGS...: run it; where its database cannot be
# reached, say so and go on.
set -euo pipefail
out=$("$@" 2>&1) && code=0 || code=$?
if [ "$code" != 0 ] && grep -q 'fetching vulnerabilities' <<<"$out"; then
	echo "skipped govulncheck: its database cannot be reached from here"
	exit 0
fi
printf '%s\n' "$out"
exit "$code"
