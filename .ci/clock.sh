#!/bin/bash
# clock.sh [OUT]: the clock of a small virtual machine steps by seconds, hours and
# years both ways, passes both changes of summer time, stands still in suspend and
# is wrong at boot, and its zone is changed, while quotad runs in it. Nothing is
# lost or told twice, the week does not move, and the end of a window is noticed
# within 2 s. A suspend of days is one of seconds and a step right after it: the
# board's clock cannot be set meanwhile.
# Needs what vm.sh needs, and e2fsprogs jq tzdata. Takes four minutes. Writes
# OUT/clock.log, which ends with the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh
. .ci/vm.sh

out=${1:-/tmp/quotad-clock.$$}
need mke2fs jq
need_vm
zones=/usr/share/zoneinfo
[ -e $zones/Europe/Berlin ] || skip "no zones are here: tzdata"
mkdir -p "$out"
work=$(mktemp -d "$out/vm.XXXXXX")
vm=
trap '[ -z "$vm" ] || stop_machine; rm -rf "$work"' EXIT

# boot NAME TIME: a machine whose board's clock shows that; sets facts.
boot() {
	facts=$work/$1
	: >"$out/clock-$1.facts" # one of an earlier run would be taken for this
	machine "$work/image" "$work/disk" "$out/clock-$1.log" "mode=$1" -serial "file:$out/clock-$1.facts" -rtc "base=$2"
	within "$1: all was done" 240 grep -q ^END "$out/clock-$1.facts"
	stop_machine
	tr -d '\r' <"$out/clock-$1.facts" >"$facts"
}

# status NAME FILTER: a part of what the status was then.
status() { sed -n "s/^STATUS $1 //p" "$facts" | jq -c "$2"; }

# windows NAME [ACCOUNT]: where the windows stood.
windows() { status "$1" ".accounts[] | select(.account == \"${2:-default}\") | [.windows[] | [.window, .state, .used, .opened_at, .resets_at]]"; }

# stood NAME ACCOUNT: state and use alone.
stood() { status "$1" ".accounts[] | select(.account == \"$2\") | .windows[] | \"\(.window) \(.state) \(.used)\"" | tr -d '"' | paste -sd,; }

# noticed ACCOUNT: the notices, as "kind level".
noticed() { sed -n 's/^NOTICE [0-9.]* [0-9.]* //p' "$facts" | jq -r "select(.account == \"$1\") | \"\(.notice) \(.level)\"" | paste -sd,; }

# late [NAME]: how many seconds after its end the fast window was told to be full
# again, the first time; or after something was done.
late() {
	sed -n 's/^NOTICE //p' "$facts" | jq -nrR --arg since "$(sed -n "s/^AT ${1:-none} //p" "$facts")" '
		def seconds: capture("^(?<whole>[^.Z]*)(?<part>[.][0-9]+)?Z$") | (.whole + "Z" | fromdateiso8601) + ("0" + (.part // "") | tonumber);
		first(inputs | capture("^(?<up>[0-9.]+) (?<at>[0-9.]+) (?<notice>.*)$") | (.notice | fromjson) as $n
			| select($n.account == "fast" and $n.notice == "refreshed")
			| if $since == "" then (.at | tonumber) - ($n.resets_at | seconds) else (.up | tonumber) - ($since | tonumber) end
			| select(. > -0.5) | . * 1000 | round / 1000)'
}

# soon SENTENCE SECONDS: it is one of 2 s at most.
soon() { check "$1: after ${2:-no} s" awk -v s="${2:-99}" 'BEGIN { exit !(s <= 2) }'; }

# sound: what holds whatever the clock does.
sound() {
	equal "$1: each event was taken" "" "$(grep '^EVENT' "$facts" | grep -v '"recorded"' || true)"
	equal "$1: each event is there, once" "$(sed -n 's/^EVENT \([^ ]*\) .*/\1/p' "$work"/{ordinary,past,future} 2>/dev/null | sort)" "$(sed -n 's/^HAS //p' "$facts" | sort)"
	equal "$1: no number is negative" "" "$(sed -n 's/^STATUS [^ ]* //p' "$facts" | jq -c '.. | numbers | select(. < 0)')$(grep -E '^TEXT.*[^0-9A-Za-z]-[0-9]' "$facts" || true)"
	equal "$1: the week steps from the subscription" 0 "$(sed -n 's/^STATUS [^ ]* //p' "$facts" |
		jq '.accounts[] | select(.account == "default") | .windows[1].resets_at | (fromdateiso8601 - ("2026-01-02T03:04:05Z" | fromdateiso8601)) % 604800' | sort -u)"
	equal "$1: nothing is told twice" "" "$(sed -n 's/^NOTICE [0-9.]* [0-9.]* //p' "$facts" |
		jq -c '[.account, .window, .notice, .level, .resets_at]' | sort | uniq -d)"
	check "$1: verify finds nothing" grep -q '^VERIFIED 0' "$facts"
}

ordinary() {
	local name
	boot ordinary 2026-03-29T00:59:20
	sound ordinary
	for name in spring autumn; do
		equal "$name: the change of zone moves no window" "$(windows $name-before | jq -c 'map(.[3:])')" "$(windows $name-after | jq -c 'map(.[3:])')"
		equal "$name: the status after the change" "5h open 9,week open 9" "$(stood $name-after default)"
	done
	check "spring: the status shows the new zone" grep -q '^TEXT spring-zone .*07:59' "$facts"
	check "spring: so do notices" grep -q '^NOTICE .*"threshold".*"level":90.*07:59' "$facts"
	check "spring: and of times after the change" grep -q '^NOTICE .*"exhausted","account":"fast".*at 03:00' "$facts"
	for name in plus-5s minus-5s plus-2h minus-2h plus-3y minus-3y; do
		equal "there and back, $name: the windows are as before" "$(windows base)" "$(windows $name-back)"
	done
	for name in plus-3y minus-3y; do
		equal "there and back, used meanwhile, $name: the windows are as before" "$(windows busy)" "$(windows used-$name-back)"
	done
	equal "what was recorded two hours ahead counts in the open window" "5h exhausted 11,week open 11" "$(stood after default)"
	equal "it is the same window" "$(windows base | jq -c 'map(.[3:])')" "$(windows after | jq -c 'map(.[3:])')"
	equal "what was told" "threshold 75,threshold 90,threshold 75,threshold 90,threshold 75,threshold 90,exhausted 100" "$(noticed default)"
	equal "what was told of the fast window" "$(yes 'exhausted 100,refreshed 0' | head -6 | paste -sd,)" "$(noticed fast)"
	equal "asleep for days: the window is over" "5h idle 0" "$(stood days fast)"
	waited=$(late) stepped=$(late stepped) resumed=$(late resumed)
	soon "the end of a window was noticed" "$waited"
	soon "the end of a window was noticed after a step" "$stepped"
	soon "the end of a window was noticed after suspend" "$resumed"
}

# wrong NAME TIME WEEK: the clock of the board shows TIME; WEEK is what was used of
# the week before.
wrong() {
	boot "$1" "$2"
	sound "$1"
	equal "$1: it counts while the clock is wrong" "5h open 8,week open 8" "$(stood "$1-used" default)"
	equal "$1: set right, it is as it was" "5h idle 0,week open $3" "$(stood "$1-right" default)"
	equal "$1: and counts on" "5h open 8,week open $(($3 + 8))" "$(stood "$1-end" default)"
	equal "$1: what was told" "threshold 75,refreshed 0,threshold 75" "$(noticed default)"
	equal "$1: what was told of the fast window" "exhausted 100,exhausted 100,refreshed 0" "$(noticed fast)"
	soon "$1: the end of a window was noticed" "$(late)"
}

{
	build_static "$work/quotad"
	initrd "$work/image" .ci/clock-init.sh "$work/quotad=bin/quotad" $zones/UTC=etc/localtime \
		$zones/Europe/Berlin=zones/Berlin $zones/Asia/Shanghai=zones/Shanghai
	new_disk "$work/disk"
	ordinary
	wrong past 1999-01-01T00:00:00 11
	wrong future 2060-05-05T05:05:05 19
	say "figures: the end of a window was noticed ${waited:-?} s after it, ${stepped:-?} s after a step over it, ${resumed:-?} s after suspend"
	finish
} 2>&1 | tee "$out/clock.log"
