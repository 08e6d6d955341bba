#!/bin/bash
# systemd-test.sh BINARY: the service under a real systemd user manager.
#
# The manager runs in mount, process and cgroup namespaces of its own, so that
# it needs no machine booted with systemd and meets no other one. Root is
# needed to make them; what is tested runs as an ordinary user. $OUT keeps logs.
set -euo pipefail
self=$(realpath "$0")
cd "$(dirname "$self")"
. ./lib.sh
user=${TEST_USER:-nobody}
systemd=/usr/lib/systemd/systemd
[ -x "$systemd" ] || systemd=/lib/systemd/systemd

# --- outside: namespaces ---------------------------------------------------

outside() {
	bin=$(realpath "${1:?usage: systemd-test.sh BINARY}")
	need unshare setpriv systemctl jq curl mountpoint
	[ "$(id -u)" = 0 ] || skip "only root can make the namespaces"
	[ -x "$systemd" ] || skip "there is no systemd here"
	export OUT=${OUT:-$(mktemp -d /tmp/quotad-systemd.XXXXXX)}
	mkdir -p "$OUT" && chmod 755 "$OUT"
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
	mkdir -p /run/systemd/system "/run/user/$(id -u "$user")"
	umount -R /sys/fs/cgroup 2>/dev/null || true
	mount -t cgroup2 none /sys/fs/cgroup
	mkdir -p /sys/fs/cgroup/manager /home
	mount -t tmpfs -o mode=755 tmpfs /home
	mkdir -p /home/tester/.local/bin
	install -m 755 "$1" /home/tester/.local/bin/quotad
	touch "$OUT/manager.log"
	chown -R "$user:" /sys/fs/cgroup/manager /home/tester "/run/user/$(id -u "$user")" "$OUT/manager.log"
	chmod 700 "/run/user/$(id -u "$user")" /home/tester
	start_journal
	echo $$ >/sys/fs/cgroup/manager/cgroup.procs
	setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups \
		env -i PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/home/tester OUT="$OUT" \
		XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" "$self" --user
}

# start_journal: where it cannot run, the checks of the log are left out.
start_journal() {
	local journald=${systemd%/*}/systemd-journald
	[ -x "$journald" ] && [ -s /etc/machine-id ] || return 0
	mkdir -p /run/systemd/journal
	"$journald" >"$OUT/journald.log" 2>&1 &
	for _ in {1..50}; do [ -S /run/systemd/journal/stdout ] && break; sleep 0.1; done
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
used()    { call /v1/status | jq '.accounts[0].windows[0].used'; }
prompt()  { curl -sf --max-time 10 --unix-socket "$socket" -d '{"tool":"systemd-test"}' http://quotad/v1/events >/dev/null; }
another() { active && [ "$(main)" != "$1" ] && [ "$(main)" != 0 ]; }
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
	"$systemd" --user --log-target=console >"$OUT/manager.log" 2>&1 &
	within "a user manager starts" 20 systemctl --user show --property=Version
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
	check "the API answers" call /healthz
	check "a prompt is counted" prompt
	equal "used" 1 "$(used)"
}

case_hardening() {
	say "-- hardening takes effect"
	local status
	status=/proc/$(main)/status
	equal "seccomp filters" 2 "$(awk '/^Seccomp:/ { print $2 }' "$status")"
	equal "no new privileges" 1 "$(awk '/^NoNewPrivs:/ { print $2 }' "$status")"
	check "systemd complains of no line of the units" complains_not
}
complains_not() { ! grep -E 'quotad\.(service|socket):[0-9]+:' "$OUT/manager.log"; }

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
	check "who comes while it is away is answered" call /healthz
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

case_command() {
	say "-- the user's notice command is not hampered"
	mkdir -p "${config%/*}"
	cat >/home/tester/told <<-'C'
		#!/bin/bash
		cat >>"$HOME/notices"
		{ exec 3<>/dev/tcp/127.0.0.1/9; } 2>>"$HOME/network"
		awk 'BEGIN { print "a child ran" }' >>"$HOME/children"
	C
	chmod 755 /home/tester/told
	cat >"$config" <<-C
		[account.default]
		plan = "lab/one"
		[notify]
		desktop = false
		command = ["/home/tester/told"]
		[[plan]]
		id = "lab/one"
		name = "One"
		unit = "prompts"
		[[plan.window]]
		name = "5h"
		kind = "fixed"
		length = "1h"
		cap = 3
	C
	systemctl --user reload quotad
	within "the plan is taken" 5 plan_is lab/one
	prompt
	within "the command is run" 10 test -s /home/tester/children
	check "with the notice on its standard input" jq -e '.notice' /home/tester/notices
	check "and has the network" grep -q refused /home/tester/network
	rm "$config"
	systemctl --user reload quotad
}

case_log() {
	[ -S /run/systemd/journal/stdout ] || return 0
	say "-- the journal"
	local lines
	journalctl --sync 2>/dev/null || sleep 1
	lines=$(journalctl -q -D /run/log/journal -o json _SYSTEMD_USER_UNIT=quotad.service 2>/dev/null || true)
	if [ -z "$lines" ]; then say "left out: the journal cannot be read here"; return 0; fi
	jq -r '"<\(.PRIORITY)> \(.MESSAGE)"' <<<"$lines" | tee "$OUT/journal.log" | tail -20
	check "the wrong configuration is an error" grep -q '^<3>.*configuration' "$OUT/journal.log"
	check "the rest is information" grep -q '^<6>.*ready' "$OUT/journal.log"
	check "no line carries a time of its own" no_times
}
no_times() { ! grep -E '^<.> (20[0-9][0-9]-|[0-9]+:[0-9]+)' "$OUT/journal.log"; }

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
	equal "the counter is kept" 3 "$(used)"
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
	check "the next connection starts it again" call /healthz
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
	case_status
	case_again
	case_killed
	case_reload
	case_upgrade
	case_command
	case_log
	case_hung
	case_crash_loop
	case_stop
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
