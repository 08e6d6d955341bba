#!/bin/busybox sh
# The first program of the machine whose clock clock.sh has set. mode=NAME is what
# happens, a function each. It tells facts on the second serial line, and judges
# nothing:
#   EVENT ID ANSWER           an event was sent
#   STATUS NAME JSON          what quotad status --json says then
#   TEXT NAME LINE            each line of quotad status
#   AT NAME UPTIME            when something was done, in seconds since the boot
#   NOTICE UPTIME TIME JSON   a notice came to notify.command
#   HAS ID                    an event is there
#   VERIFIED CODE
. /vm-init.sh
stty -F /dev/ttyS1 115200
exec 3>/dev/ttyS1

cat >/tmp/told <<'END'
#!/bin/sh
read -r notice
echo "NOTICE $(cut -d' ' -f1 /proc/uptime) $EPOCHREALTIME $notice" >>/tmp/notices
END
chmod +x /tmp/told
cat >/tmp/config.toml <<'END'
[notify]
desktop = false
command = ["/tmp/told"]
forecast = false
[account.default]
plan = "lab/day"
subscribed = 2026-01-02T03:04:05Z
[account.fast]
plan = "lab/fast"
[[plan]]
id = "lab/day"
name = "Day"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "5h"
cap = 10
[[plan.window]]
name = "week"
kind = "anchored"
length = "168h"
cap = 1000
[[plan]]
id = "lab/fast"
name = "Fast"
unit = "prompts"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "12s"
cap = 4
END

fact() { echo "$*" >&3; }
at() { fact "AT $1 $(cut -d' ' -f1 /proc/uptime)"; }

again() {
	kill "$pid"
	wait "$pid"
	cat /tmp/log
	daemon
}

# event ID ACCOUNT COUNT
event() { fact "EVENT $1 $(quotad record --id "$1" --account "$2" --count "$3" --json 2>&1 | tr '\n' ' ')"; }

look() {
	fact "STATUS $1 $(quotad status --json | tr -d '\n')"
	quotad status | while read -r line; do fact "TEXT $1 $line"; done
}

# set_clock TIME: what is done at once is done a second later.
set_clock() {
	date -u -s "$1" >/dev/null
	sleep 1
}

step() { set_clock "@$((EPOCHSECONDS + $1))"; }

# there_and_back NAME SECONDS [EVENT]
there_and_back() {
	step "$2"
	look "$1"
	[ -z "$3" ] || event "$3" default 1
	step "$((-$2))"
	look "$1-back"
}

# asleep SECONDS NAME: suspend to memory; the board's clock wakes it.
asleep() {
	echo 0 >/sys/class/rtc/rtc0/wakealarm
	echo "+$1" >/sys/class/rtc/rtc0/wakealarm
	echo mem >/sys/power/state
	at "$2"
}

zone() { cp "/zones/$1" /etc/localtime.new && mv /etc/localtime.new /etc/localtime; }

# summer: the clocks of Berlin are put forward, or back, at 01:00 UTC. The fast
# window is open then.
summer() {
	event "$1-1" default 8
	sleep 1
	look "$1-before"
	zone "$2"
	event "$1-2" default 1
	sleep 1
	look "$1-zone"
	set_clock "$3 00:59:52"
	event "$1-3" fast 4
	sleep 14
	look "$1-after"
}

steps() {
	event s1 default 8
	sleep 1
	look base
	there_and_back plus-5s 5
	there_and_back minus-5s -5
	there_and_back plus-2h 7200
	there_and_back minus-2h -7200
	there_and_back plus-3y 94608000
	there_and_back minus-3y -94608000
	event s2 default 1
	sleep 1
	look busy
	there_and_back used-plus-3y 94608000 s3
	there_and_back used-minus-3y -94608000 s4
	there_and_back used-plus-2h 7200 s5
	event s6 default 1
	sleep 1
	look after
}

# boundaries: the end of the fast window, by waiting, by a step, and asleep.
boundaries() {
	event b1 fast 4
	sleep 14
	event b2 fast 4
	sleep 1
	at stepped
	step 60
	step -60
	sleep 13
	event b3 fast 4
	sleep 1
	asleep 20 resumed
	sleep 2
	event b4 fast 4
	sleep 1
	asleep 2 days
	step 259200 # the board's clock cannot be set while all is asleep: right after
	look days
	step -259200
	sleep 12
}

ordinary() {
	daemon
	summer spring Berlin 2026-03-29
	set_clock '2026-10-25 00:59:30'
	summer autumn Shanghai 2026-10-25
	zone Berlin
	set_clock '2026-11-25 12:00:00'
	steps
	boundaries
}

# wrong NAME TIME: the board's clock is wrong at boot, and then set right.
wrong() {
	daemon
	look "$1"
	event "$1-1" default 8
	event "$1-2" fast 4
	sleep 1
	again # begins with the day's housekeeping
	sleep 1
	look "$1-used"
	set_clock "$2"
	look "$1-right"
	event "$1-3" default 8
	event "$1-4" fast 4
	sleep 14
	look "$1-end"
}

case $(cat /proc/cmdline) in
*mode=ordinary*) ordinary ;;
*mode=past*) wrong past '2026-11-25 20:00:00' ;;
*mode=future*) wrong future '2026-11-26 04:00:00' ;;
esac
cat /tmp/notices >&3
quotad events --json | sed -n 's/.*"id":"\([a-z0-9-]*\)".*/HAS \1/p' >&3
quotad notify list
quotad verify
fact "VERIFIED $?"
cat /tmp/log
fact END
sleep 1000
