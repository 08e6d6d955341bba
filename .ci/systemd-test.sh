#!/bin/bash
# systemd-test.sh BINARY: the service under a real systemd user manager.
#
# The manager runs in mount, process and cgroup namespaces of its own, so that
# it needs no machine booted with systemd and meets no other one. Root is
# needed to make them; what is tested runs as an ordinary user. $OUT keeps logs.
set -euo pipefail
self=$(realpath "$0")
. "${self%/*}/lib.sh"
. "${self%/*}/hardening.sh"
. "${self%/*}/sandbox.sh"
. "${self%/*}/filter.sh"
. "${self%/*}/disturbance.sh"
user=${TEST_USER:-tester}
systemd=/usr/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/lib/systemd/systemd

# --- outside: namespaces ---------------------------------------------------

outside() {
	bin=$(realpath "${1:?usage: systemd-test.sh BINARY}")
	need go unshare systemd-cat setpriv systemctl jq curl Xvfb dunst dunstctl dbus-daemon dbus-send
	[ "$(id -u)" = 0 ] || skip "only root can make the namespaces"
	[ -x "$systemd" ] || skip "there is no systemd here"
	export OUT=${OUT:-$(mktemp -d /tmp/quotad-systemd.XXXXXX)}
	mkdir -p "$OUT" && chmod 755 "$OUT"
	mkdir -p "$OUT/tests"
	(cd "${self%/*}/.." && CGO_ENABLED=0 go build -o "$OUT/probe" ./tools/probe &&
		CGO_ENABLED=0 go build -ldflags "-X main.version=newer" -o "$OUT/newer" ./cmd/quotad && build_filter_tests "$OUT/tests")
	local tree
	tree=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	[ -n "$tree" ] || skip "no cgroup2 is mounted here"
	cgroup=$tree/quotad-test.$$
	mkdir "$cgroup" 2>/dev/null || skip "no control group can be made in $tree"
	trap leave EXIT
	bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' - "$cgroup" \
		unshare --mount --cgroup --pid --fork --kill-child --mount-proc "$self" --inside "$bin"
}

# leave takes the control groups away; the namespace has taken the processes.
leave() {
	local code=$? i
	for i in {1..50}; do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
		sleep 0.1
	done
	exit "$code"
}

# --- inside: as root, a machine of its own ----------------------------------

inside() {
	mount --make-rprivate /
	mount -t tmpfs -o mode=755 tmpfs /run
	make_user
	mkdir -p /run/systemd/system "/run/user/$(id -u "$user")"
	umount -R /sys/fs/cgroup 2>/dev/null || true
	mount -t cgroup2 none /sys/fs/cgroup
	mkdir -p /sys/fs/cgroup/manager /home
	mount -t tmpfs -o mode=755 tmpfs /home
	mkdir -p /home/tester/.local/bin
	install -m 755 "$1" /home/tester/.local/bin/quotad
	chown -R "$user:" /sys/fs/cgroup/manager /home/tester "/run/user/$(id -u "$user")"
	chmod 700 "/run/user/$(id -u "$user")" /home/tester
	install -m 755 "$OUT/probe" /home/tester/probe
	install -m 4755 "$OUT/probe" /home/tester/probe-setuid
	install -m 755 "$OUT/newer" /home/tester/newer
	mkdir -m 755 /home/tester/tests
	install -m 755 "$OUT"/tests/*.test /home/tester/tests
	rm -r "$OUT/tests" "$OUT/newer" # large, and no logs
	ulimit -c unlimited
	start_journal
	others &
	mounts &
	echo $$ >/sys/fs/cgroup/manager/cgroup.procs
	local code=0
	setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups \
		env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/home/tester OUT="$OUT" \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" "$self" --user || code=$?
	cp /home/tester/load*.out "$OUT" || code=$?
	log_checks || code=$?
	return "$code"
}

start_journal() {
	if [ ! -s /etc/machine-id ]; then # as on a machine that was never booted
		systemd-id128 new >/run/machine-id
		touch /etc/machine-id
		mount --bind /run/machine-id /etc/machine-id
	fi
	mkdir -p /run/systemd/journal
	"${systemd%/*}/systemd-journald" >"$OUT/journald.log" 2>&1 &
	started "a journal starts" 10 test -S /run/systemd/journal/stdout
}

# journal FILTER: its lines, each with its priority in front.
journal() {
	journalctl -q -D /run/log/journal -o json "$@" | jq -r '"<\(.PRIORITY)> \(.MESSAGE)"'
}

# As root: what the journal has of the service, and of systemd about its units.
log_checks() {
	say "-- the journal"
	journalctl --sync || sleep 1
	journalctl -q -D /run/log/journal >"$OUT/journal.log"
	journal SYSLOG_IDENTIFIER=quotad >"$OUT/quotad.log"
	journal SYSLOG_IDENTIFIER=systemd >"$OUT/manager.log"
	check "a wrong configuration is an error" grep -q '^<3>.*configuration' "$OUT/quotad.log"
	check "the rest is information" grep -q '^<6>.*ready' "$OUT/quotad.log"
	check "no line carries a time of its own" lacks '^<.> *(20[0-9][0-9]-|[0-9]+:[0-9]+)' "$OUT/quotad.log"
	check "systemd has read the units" grep -q 'Started quotad.service' "$OUT/manager.log"
	check "and complains of no line of them" lacks 'quotad\.(service|socket):[0-9]+:' "$OUT/manager.log"
	disturbance_log_checks
	finish
}

# --- inside: as the user ----------------------------------------------------

quotad=/home/tester/.local/bin/quotad
units=/home/tester/.config/systemd/user
config=/home/tester/.config/quotad/config.toml
socket=${XDG_RUNTIME_DIR:-}/quotad/quotad.sock

prop()    { systemctl --user show "$1" --property="$2" --value; }
main()    { prop quotad.service MainPID; }
active()  { [ "$(prop quotad.service ActiveState)" = active ]; }
call()    { curl -sf --max-time "${2:-10}" --unix-socket "$socket" "http://quotad$1"; }
answers() { call /healthz >/dev/null; }
used()    { call /v1/status | jq '.accounts[0].windows[0].used'; }
prompt()  { curl -sf --max-time 10 --unix-socket "$socket" -d '{"tool":"systemd-test"}' http://quotad/v1/events >/dev/null; }
another() { active && [ "$(main)" != "$1" ] && [ "$(main)" != 0 ]; }
lacks()   { ! grep -E "$@"; }
says()    { grep -qE -- "$1" <<<"$output"; }

# quotad_ends CODE ARGS...: run it, keep what it says, and look at its exit code.
quotad_ends() {
	local want=$1 code=0
	shift
	output=$(timeout 90 "$quotad" "$@" 2>&1) || code=$?
	equal "quotad $* ends with $want" "$want" "$code"
	[ "$code" = "$want" ] || say "$output"
}

start_manager() {
	"$systemd" --user --log-target=journal &
	started "a user manager starts" 20 systemctl --user show --property=Version
}

case_install() {
	say "-- install"
	quotad_ends 0 service install
	say "$output"
	check "it says what it wrote" says "$units/quotad.service: written"
	check "it says that it started" says 'quotad.service: started, pid [0-9]+'
	check "it shows the first status" says '5h|5-hour'
	check "the service runs" active
	equal "it starts at login" enabled "$(prop quotad.service UnitFileState)"
	equal "the socket's mode" 600 "$(stat -c %a "$socket")"
	equal "its folder's mode" 700 "$(stat -c %a "${socket%/*}")"
	equal "it runs in the background slice" background.slice "$(prop quotad.service Slice)"
	check "the API answers" answers
	check "a prompt is counted" prompt
	equal "used" 1 "$(used)"
}

# The unit must not hide from the daemon what tools keep in the home folder.
case_transcript() {
	say "-- a tool's record in the home folder is read"
	local file=/home/tester/.claude/projects/p/s.jsonl at
	at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
	mkdir -p "${file%/*}"
	printf '{"type":"assistant","uuid":"u","requestId":"r","sessionId":"s","timestamp":"%s","message":{"id":"m","model":"glm-4.7","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}}\n' "$at" >"$file"
	chmod 600 "$file"
	curl -sf --max-time 10 --unix-socket "$socket" -d '{"tool":"claude-code","session":"s","transcript":"'"$file"'"}' http://quotad/v1/turns >/dev/null
	within "its tokens are recorded" 10 tokens_read
}
tokens_read() { call /v1/events | grep -q '"kind":"usage".*"model":"glm-4.7"'; }

case_status() {
	say "-- service status"
	quotad_ends 0 service status
	say "$output"
	check "it says that it runs" says '^service +active \(running\), pid [0-9]+, since '
	check "the daemon says how it stands" says '^says +.*5h'
	quotad_ends 0 service status --json
	equal "as JSON" "true true active $(main) true" \
		"$(jq -r '"\(.installed) \(.enabled) \(.state) \(.pid) \(.listening)"' <<<"$output")"
}

case_again() {
	say "-- install again changes nothing"
	local pid
	pid=$(main)
	quotad_ends 0 service install
	check "the service is unchanged" says "quotad.service: unchanged"
	check "the socket is unchanged" says "quotad.socket: unchanged"
	check "it runs already" says 'running already'
	equal "the same process runs" "$pid" "$(main)"
}

case_killed() {
	say "-- SIGKILL"
	local pid
	pid=$(main)
	kill -KILL "$pid"
	check "who comes while it is away is answered" answers
	within "it is started again" 10 another "$pid"
	equal "the counter is kept" 1 "$(used)"
	check "and goes on" prompt
	equal "used" 2 "$(used)"
}

case_reload() {
	say "-- reload"
	local pid
	pid=$(main)
	mkdir -p "${config%/*}"
	printf '[account.default]\nplan = "v2/max"\n' >"$config"
	check "systemctl reload" systemctl --user reload quotad
	within "the new configuration is taken" 5 plan_is v2/max
	printf '[account.default]\nplan = "no such plan"\n' >"$config"
	systemctl --user reload quotad || true
	sleep 1
	check "a wrong one is not" plan_is v2/max
	quotad_ends 1 service install
	check "and is told by install" says 'config.toml.*plan'
	rm "$config"
	systemctl --user reload quotad
	within "without a file the default is back" 5 plan_is v2/lite
	equal "the same process runs" "$pid" "$(main)"
}
plan_is() { [ "$(call /v1/status | jq -r '.accounts[0].plan.id')" = "$1" ]; }

case_upgrade() {
	say "-- an upgrade"
	local pid
	pid=$(main)
	cp "$quotad" "$quotad.new"
	mv "$quotad.new" "$quotad"
	quotad_ends 0 service install
	check "it says why it restarts" says 'restarted, its program is new'
	check "another process runs" another "$pid"
	equal "the counter is kept" 2 "$(used)"
}

# lab CAP [LINE]...: a plan with room for so many prompts, and lines of [notify].
lab() {
	local cap=$1 line
	shift
	mkdir -p "${config%/*}"
	{
		printf '[account.default]\nplan = "lab/%s"\n[notify]\nforecast = false\n' "$cap"
		for line; do echo "$line"; done
		printf '[[plan]]\nid = "lab/%s"\nname = "Lab"\nunit = "prompts"\n' "$cap"
		printf '[[plan.window]]\nname = "5h"\nkind = "fixed"\nlength = "1h"\ncap = %s\n' "$cap"
	} >"$config"
	systemctl --user reload quotad
	within "the plan is taken" 5 plan_is "lab/$cap"
}

case_command() {
	say "-- the user's notice command is not hampered"
	cat >/home/tester/told <<-'C'
		#!/bin/bash
		cat >>"$HOME/notices"
		{ exec 3<>/dev/tcp/127.0.0.1/9; } 2>>"$HOME/network"
		awk 'BEGIN { print "a child ran" }' >>"$HOME/children"
	C
	chmod 755 /home/tester/told
	lab 7 'desktop = false' 'command = ["/home/tester/told"]'
	prompt
	within "the command is run" 10 test -s /home/tester/children
	equal "once, with the notice on its standard input" exhausted "$(jq -r .notice /home/tester/notices)"
	check "and has the network" grep -q refused /home/tester/network
	rm "$config"
	systemctl --user reload quotad
}

# As after a login: the desktop comes up when the service has long been there.
case_desktop() {
	say "-- notices on the desktop, from inside the unit"
	lab 8
	start_desktop
	prompt && prompt && prompt && prompt
	within "dunst shows the notice" 10 shows '75 % used'
	equal "used" 6 "$(used)"
}
shows() { dunstctl close-all; dunstctl history | jq -r '.data[0][].summary.data' | grep -qE "$1"; }

start_desktop() {
	export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	if [ ! -S "$XDG_RUNTIME_DIR/bus" ]; then
		dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --nofork 2>/dev/null &
		started "a session bus starts" 10 test -S "$XDG_RUNTIME_DIR/bus"
	fi
	Xvfb -displayfd 3 -screen 0 640x240x24 -nolisten tcp 3>"$HOME/display" 2>/dev/null &
	started "an X server starts" 10 test -s "$HOME/display"
	# Whoever starts a server, we or the bus through systemd, it finds the display.
	systemctl --user set-environment "DISPLAY=:$(tr -d '\n' <"$HOME/display")"
	DISPLAY=:$(tr -d '\n' <"$HOME/display") dunst 2>/dev/null &
	started "dunst takes the notices" 10 served
}

case_hung() {
	say "-- a daemon that hangs"
	local pid
	mkdir -p "$units/quotad.service.d"
	printf '[Service]\nWatchdogSec=4s\n' >"$units/quotad.service.d/test.conf"
	systemctl --user daemon-reload
	systemctl --user restart quotad.service
	pid=$(main)
	sleep 6
	equal "a live one is left alone" "$pid" "$(main)"
	kill -STOP "$pid"
	within "a hung one is killed and started again" 15 another "$pid"
	equal "the counter is kept" 7 "$(used)"
	rm -r "$units/quotad.service.d"
	systemctl --user daemon-reload
}

case_crash_loop() {
	say "-- a program that fails at once"
	cp "$quotad" /home/tester/good
	printf '#!/bin/sh\nexit 7\n' >"$quotad.new"
	chmod 755 "$quotad.new"
	mv "$quotad.new" "$quotad"
	systemctl --user restart quotad.service 2>/dev/null || true
	call /v1/status 30 >/home/tester/answer &
	local client=$!
	sleep 5
	equal "the socket stays" active "$(prop quotad.socket ActiveState)"
	mv /home/tester/good "$quotad"
	if wait "$client"; then ok "who has waited is answered once it is mended"; else fail "who has waited is not answered"; fi
}

case_stop() {
	say "-- stop"
	local start=$SECONDS
	check "systemctl stop" systemctl --user stop quotad.service
	check "takes no longer than 6 s" test $((SECONDS - start)) -le 6
	equal "is clean" success "$(prop quotad.service Result)"
	quotad_ends 4 service status
	check "the next connection starts it again" answers
	check "it runs" active
}

case_restore() {
	say "-- a backup is put back while systemd holds the socket"
	local count
	count=$(used)
	quotad_ends 0 backup
	prompt
	equal "used" $((count + 1)) "$(used)"
	systemctl --user stop quotad.service 2>/dev/null
	quotad_ends 0 restore --yes latest
	equal "used is what the backup has" "$count" "$(used)"
	check "it runs" active
}

case_uninstall() {
	say "-- uninstall"
	quotad_ends 0 service uninstall
	say "$output"
	check "it says what it removed" says "$units/quotad.service: removed"
	check "and what it kept" says 'kept: /home/tester/.local/state/quotad'
	equal "the service is gone" not-found "$(prop quotad.service LoadState)"
	check "so is the socket" test ! -e "$socket"
	check "no file is left" test -z "$(find "$units" -name '*quotad*')"
	check "the database is kept" test -s /home/tester/.local/state/quotad/quotad.db
	quotad_ends 0 service uninstall
	check "once more says that there is nothing" says 'not installed'
	quotad_ends 4 service status
}

case_places() {
	say "-- places named by flags, with characters that systemd reads"
	local odd="/home/tester/100% \$HOME; dir"
	mkdir -p "$odd"
	cp "$quotad" "$odd/quotad"
	printf '[account.default]\nplan = "v2/pro"\n' >"$odd/my %i.toml"
	local first=$quotad
	quotad=$odd/quotad
	quotad_ends 0 service install --config "$odd/my %i.toml" --state-dir "$odd/state" --socket "$odd/q.sock"
	socket=$odd/q.sock
	check "it runs on that configuration" plan_is v2/pro
	check "in that folder" test -s "$odd/state/quotad.db"
	equal "with that program" "$odd/quotad" "$(readlink "/proc/$(main)/exe")"
	quotad_ends 0 service uninstall --state-dir "$odd/state"
	quotad=$first
}

as_user() {
	cd "$HOME"
	start_manager
	case_install
	case_hardening
	case_filter
	case_transcript
	case_status
	case_again
	case_killed
	case_reload
	case_upgrade
	case_desktop
	case_command
	case_hung
	case_crash_loop
	case_stop
	case_sandbox
	case_restore
	case_disturbance
	case_uninstall
	case_places
	systemctl --user exit || true
	say "logs: $OUT"
	finish
}

case ${1:-} in
--inside) inside "$2" ;;
--user) as_user ;;
*) outside "$@" ;;
esac
