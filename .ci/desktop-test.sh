#!/bin/bash
# desktop-test.sh BINARY: the daemon against a real notification server.
#
# Starts its own X server, session bus and dunst, lets the daemon run on a plan
# whose window is 15 s long, sends prompts with curl, and reads from dunst's own
# history what a person was shown. Everything is in throwaway folders; nothing
# of the desktop you sit at is touched. $OUT keeps logs and screenshots.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
bin=$(realpath "${1:?usage: desktop-test.sh BINARY}")
need Xvfb dbus-daemon dbus-send dunst dunstctl jq curl

OUT=${OUT:-$(mktemp -d /tmp/quotad-desktop.XXXXXX)}
mkdir -p "$OUT"
work=$(mktemp -d /tmp/qd.XXXXXX) # short: the path of a socket has little room
pids=()
cleanup() {
	local i
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do end "${pids[i]}"; done
	rm -rf "$work"
}
trap cleanup EXIT

export HOME=$work/home XDG_RUNTIME_DIR=$work/run TZ=UTC LC_ALL=C.UTF-8
export XDG_CONFIG_HOME=$HOME/.config XDG_STATE_HOME=$HOME/.state XDG_CACHE_HOME=$HOME/.cache XDG_DATA_HOME=$HOME/.local
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
for name in "${!QUOTAD_@}"; do [ "$name" = QUOTAD_CI ] || unset "$name"; done
mkdir -p "$HOME" "$XDG_CONFIG_HOME/dunst" "$XDG_CONFIG_HOME/quotad" "$work/services"
mkdir -m 700 "$XDG_RUNTIME_DIR"
socket=$XDG_RUNTIME_DIR/quotad/quotad.sock

# --- the desktop ----------------------------------------------------------

start_x() {
	Xvfb -displayfd 3 -screen 0 800x400x24 -nolisten tcp 3>"$work/display" >"$OUT/xvfb.log" 2>&1 &
	pids+=($!)
	started "an X server starts" 10 test -s "$work/display"
	DISPLAY=:$(tr -d '\n' <"$work/display")
	export DISPLAY
}

# The bus starts no service by itself: else whatever server is installed here
# would come up behind our back.
start_bus() {
	cat >"$work/bus.conf" <<-B
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <type>session</type>
		  <listen>unix:path=$XDG_RUNTIME_DIR/bus</listen>
		  <auth>EXTERNAL</auth>
		  <servicedir>$work/services</servicedir>
		  <policy context="default">
		    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
		  </policy>
		</busconfig>
	B
	dbus-daemon --config-file="$work/bus.conf" --nofork >"$OUT/bus.log" 2>&1 &
	pids+=($!)
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	started "a session bus starts" 10 test -S "$XDG_RUNTIME_DIR/bus"
}

# Equal notices are not stacked into one, so that a second one shows.
cat >"$XDG_CONFIG_HOME/dunst/dunstrc" <<'D'
[global]
width = 420
height = 300
offset = 20x20
history_length = 500
stack_duplicates = no
hide_duplicate_count = no
markup = full
font = DejaVu Sans 11
D

start_dunst() {
	dunst >>"$OUT/dunst.log" 2>&1 &
	dunst=$!
	pids+=("$dunst")
	started "dunst takes the notices" 10 served
}

# shown: one line per notice a person has seen, oldest first: SECONDS TITLE | BODY
# Nothing where dunst does not answer.
shown() {
	dunstctl close-all 2>/dev/null
	dunstctl history 2>/dev/null | jq -r '.data[0] | sort_by(.id.data) | .[] |
		"\(.timestamp.data / 1e6) \(.summary.data) | \(.body.data)"' || true
}
told()     { shown | grep -cE "$1" || true; }
waiting()  { [ "$(dunstctl count waiting)" = "$1" ]; }
shown_more() { [ "$(told "$1")" -gt "$2" ]; }
has_told() { [ "$(told "$1")" -ge 1 ]; }

# on_time SENTENCE PATTERN SECONDS INSTANT: told once, and at most SECONDS late.
on_time() {
	local line when
	within "$1: arrives" $(($3 + 3)) has_told "$2"
	line=$(shown | grep -E "$2" || true)
	equal "$1: arrives once" 1 "$(grep -c . <<<"$line")"
	when=${line%% *}
	check "$1: within $3 s (after $(bc_sub "$when" "$4") s)" in_time "${when:-0}" "$4" "$3"
}
bc_sub()  { awk -v a="${1:-0}" -v b="$2" 'BEGIN { printf "%.2f", a - b }'; }
in_time() { awk -v at="$1" -v due="$2" -v late="$3" 'BEGIN { exit !(at >= due - 0.1 && at <= due + late) }'; }

# picture NAME: what the screen shows now, for a person to look at.
picture() {
	command -v import >/dev/null || return 0
	sleep 0.5
	import -window root "$OUT/$1.png" 2>/dev/null || true
}

# --- the daemon -----------------------------------------------------------

# plan LENGTH [ACCOUNT...]: a window of that length with room for four prompts.
plan() {
	local account
	cat >"$XDG_CONFIG_HOME/quotad/config.toml" <<-C
		[account.default]
		plan = "lab/desktop"
		[notify]
		forecast = false
		[[plan]]
		id = "lab/desktop"
		name = "Lab"
		unit = "prompts"
		[[plan.window]]
		name = "5h"
		kind = "fixed"
		length = "$1"
		cap = 4
	C
	for account in "${@:2}"; do
		printf '[account.%s]\nplan = "lab/desktop"\n' "$account" >>"$XDG_CONFIG_HOME/quotad/config.toml"
	done
}

answers() { curl -sf --max-time 2 --unix-socket "$socket" http://quotad/healthz >/dev/null; }

start_daemon() {
	"$bin" run >>"$OUT/quotad.log" 2>&1 &
	daemon=$!
	pids+=("$daemon")
	started "the daemon answers" 10 answers
}

stop_daemon() {
	kill -TERM "$daemon"
	within "the daemon stops on SIGTERM" 6 gone "$daemon"
	wait "$daemon" && ok "it ends with 0" || fail "it ends with $?"
}

# prompt N: so many prompts, one call each.
prompt() {
	local i
	for ((i = 0; i < $1; i++)); do
		curl -sf --max-time 5 --unix-socket "$socket" -d '{"tool":"desktop-test"}' http://quotad/v1/events >>"$OUT/posts.log" ||
			fail "a prompt is taken"
	done
}

# busy SECONDS: prompts and status all the while, each answered within a second.
busy() {
	local until=$((SECONDS + $1))
	while [ "$SECONDS" -lt "$until" ]; do
		curl -sf --max-time 1 --unix-socket "$socket" -d '{"tool":"desktop-test"}' http://quotad/v1/events >>"$OUT/posts.log" || return 1
		curl -sf --max-time 1 --unix-socket "$socket" http://quotad/v1/status >/dev/null || return 1
		sleep 0.1
	done
}

# anew: the daemon without what it knew.
anew() {
	stop_daemon
	rm -rf "$XDG_STATE_HOME"
	start_daemon
}

window() { curl -sf --max-time 2 --unix-socket "$socket" http://quotad/v1/status | jq -r ".accounts[0].windows[0].$1"; }

# --- the cases ------------------------------------------------------------

start_x
start_bus
start_dunst

say "-- a window fills up and comes back"
plan 15s
start_daemon
opened=$(now)
prompt 2
sleep 1
equal "half the quota is told of to nobody" 0 "$(told .)"
at=$(now)
prompt 1
on_time "75 %" '75 % used' 2 "$at"
dunstctl history-pop
picture 75
dunstctl close-all
at=$(now)
prompt 1
on_time "exhausted" 'exhausted' 2 "$at"
dunstctl history-pop
picture exhausted
dunstctl close-all
equal "100 % is told of as exhausted, not as a threshold too" 2 "$(told .)"

say "-- a restart in the middle tells nothing again, and misses nothing"
stop_daemon
start_daemon
equal "the counter is kept" 4 "$(window used)"
sleep 1
equal "nothing is told again" 2 "$(told .)"
full=$(awk -v t="$opened" 'BEGIN { print t + 15 }')
while in_time "$(now)" 0 "$full"; do sleep 0.1; done
on_time "refreshed" 'refreshed' 2 "$full"
dunstctl history-pop
picture refreshed
dunstctl close-all

say "-- a restart after the refresh tells nothing again"
stop_daemon
start_daemon
sleep 3
equal "three notices in all" 3 "$(told .)"
for what in '75 % used' 'exhausted' 'refreshed'; do equal "once: $what" 1 "$(told "$what")"; done
say "what a person was shown:"
shown
stop_daemon

say "-- a notification server that comes up later"
end "$dunst"
rm -rf "$XDG_STATE_HOME"
plan 5m
start_daemon
prompt 3
sleep 2
at=$(now)
start_dunst
on_time "75 %, when a server is there at last" '75 % used' 3 "$at"
sleep 3
equal "and not again" 1 "$(told .)"

say "-- a notification server that hangs for a while"
kill -STOP "$dunst"
prompt 1
check "prompts are taken all the while, and status is told" busy 8
kill -CONT "$dunst"
within "exhausted, when the server goes on" 3 has_told exhausted
sleep 4
equal "and not again" 1 "$(told exhausted)"
equal "nor anything else" 2 "$(told .)"

say "-- a daemon that is killed while the server hangs"
anew
before=$(told '75 % used')
kill -STOP "$dunst"
prompt 3
within "it tries to tell" 5 pgrep -P "$daemon"
child=$(pgrep -P "$daemon" | head -1)
{ kill -KILL "$daemon"; wait "$daemon"; } 2>/dev/null || true
within "the process that tells ends, too" 3 gone "$child"
start_daemon
kill -CONT "$dunst"
within "75 %, when both are there again" 5 shown_more '75 % used' "$before"
sleep 2
equal "and not again" $((before + 1)) "$(told '75 % used')"

say "-- a server that hangs until the window has refreshed"
plan 6s
anew
before=$(told '75 % used') refreshed=$(told refreshed)
kill -STOP "$dunst"
prompt 3
sleep 7
kill -CONT "$dunst"
within "refreshed, when the server goes on" 3 shown_more refreshed "$refreshed"
sleep 1
equal "75 % is no longer told" "$before" "$(told '75 % used')"
equal "refreshed is told once" $((refreshed + 1)) "$(told refreshed)"

say "-- a hundred notices at once"
mapfile -t hundred < <(seq -f 'many%03g' 0 99)
plan 5m "${hundred[@]}"
anew
at=$(now)
for account in "${hundred[@]}"; do
	for _ in 1 2 3; do printf '{"account":"%s"}\n' "$account"; done
done | curl -sf --max-time 5 --unix-socket "$socket" -H 'Content-Type: application/x-ndjson' --data-binary @- http://quotad/v1/events >>"$OUT/posts.log" ||
	fail "the prompts are taken"
check "prompts are taken all the while, and status is told" busy 1
picture hundred
within "all are told" 15 shown_more many 99
say "      within $(bc_sub "$(now)" "$at") s"
equal "each is told once" "${hundred[*]}" "$(shown | grep -o 'many[0-9]*' | sort | tr '\n' ' ' | sed 's/ $//')"
plan 5m

say "-- do not disturb"
anew
dunstctl set-paused true
before=$(told '75 % used')
prompt 3
within "the server has taken it" 5 waiting 1
equal "nothing is shown" 0 "$(dunstctl count displayed)"
check "prompts are taken all the while" answers
dunstctl set-paused false
within "it is shown once that is over" 5 shown_more '75 % used' "$before"
sleep 2
equal "and not again" $((before + 1)) "$(told '75 % used')"
equal "no process of ours is left" "" "$(pgrep -P "$daemon" || true)"

say "-- a notification server that is started anew"
end "$dunst"
start_dunst
sleep 3
equal "what was told is not told to the new one" 0 "$(told .)"
stop_daemon

say "logs and pictures: $OUT"
finish
