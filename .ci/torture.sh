#!/bin/bash
# torture.sh [ROUNDS [IMAGES [BOOTS]]]: kill -9 in the middle of load so often,
# so many power cuts of each scenario, and so many cuts of a small virtual
# machine. Without arguments 10,000, 2000 and 5, every subset of what is not
# synced, and a virtual machine whose clock is set, stops and is wrong (clock.sh):
# that takes an hour or so. Ends with 0 only where nothing was lost and the
# controls, which do not sync, lost something.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh

rounds=${1:-10000} images=${2:-2000} boots=${3:-0} every=()
if [ $# -eq 0 ]; then
	boots=5 every=(-all)
	export QUOTAD_TORTURE_READY=${QUOTAD_TORTURE_READY:-1s} # of every start
fi
out=${OUT:-/tmp/quotad-torture.$$}
mkdir -p "$out"
need go strace

# kills: a run that found no test to run has not passed.
kills() {
	QUOTAD_TORTURE_ROUNDS=$rounds go test -count=1 -timeout 5h -parallel 4 -v -run '^TestKillInTheMiddleOfLoad$' ./cmd/quotad >"$out/kill.log" 2>&1 &&
		grep -q '^--- PASS: TestKillInTheMiddleOfLoad' "$out/kill.log"
}

# crowds: ten thousand connections that say nothing or never end, and a hundred
# thousand files in the spool.
crowds() {
	QUOTAD_TORTURE=1 go test -count=1 -timeout 20m -v -run '^(TestAFullSpool|TestACrowdKeepsNobodyWaiting)$' ./cmd/quotad >"$out/crowd.log" 2>&1 &&
		[ "$(grep -c '^--- PASS: ' "$out/crowd.log")" = 2 ]
}

clock() { .ci/clock.sh "$out" >"$out/clock.out" 2>&1; }

cuts() { go run -C tools ./torture -images "$images" -keep "$out/images" "${every[@]}" >"$out/cuts.log" 2>&1; }

check "kill -9, $rounds rounds: every acknowledged event once, no counter off" kills || true
check "power cuts, each image: every acknowledged event once, no counter off; without syncs not" cuts || true
if [ $# -eq 0 ]; then
	check "a crowd at the socket, and a full spool" crowds || true
	check "a clock that is set, stops and is wrong: nothing lost or told twice, each boundary noticed within 2 s" clock || true
fi
if [ "$boots" -gt 0 ]; then
	check "a virtual machine killed $boots times: every acknowledged event once; without syncs not" .ci/powercut.sh "$boots" "$out"
fi
grep -h 'figures: \|^seed\|seed ' "$out/kill.log" | sed 's/^ *[a-z_]*.go:[0-9]*: //' | grep figures || tail -30 "$out/kill.log"
sed -n '/power cut/,$p' "$out/cuts.log" | cut -c1-300 | grep . || tail -30 "$out/cuts.log"
if [ -e "$out/crowd.log" ]; then sed -n 's/^ *[a-z_]*.go:[0-9]*: //p' "$out/crowd.log" | cut -c1-300; fi
if [ -e "$out/clock.out" ]; then grep -E '^(FAIL|figures|skipped)' "$out/clock.out"; fi
if [ -e "$out/powercut.log" ]; then cat "$out/powercut.log"; fi
say "logs and what failed: $out"
finish
