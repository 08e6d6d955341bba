# What disturbs the service while events come: bursts, restarts, upgrades, a stop
# in the middle of a batch, a home folder that is missing or cannot be written,
# and a hang. What was acknowledged or spooled is there once, the unit ends
# active, and the journal says why. Source it from systemd-test.sh, after
# sandbox.sh; it runs nothing by itself.

# What the tools of the senders know, and no journal may show.
secret_key=the-key-of-the-senders
secret_words=the-words-of-the-senders

# --- as root ----------------------------------------------------------------

# mounts makes the state folder read-only, or writable again, when the user wishes.
mounts() {
	local dir=/home/tester/mounts state=/home/tester/.local/state/quotad
	while sleep 0.05; do
		if [ -e "$dir/ro" ]; then
			mount --bind "$state" "$state" && mount -o remount,bind,ro "$state" && rm "$dir/ro"
		elif [ -e "$dir/rw" ]; then
			umount -l "$state" && rm "$dir/rw"
		fi
	done
}

# told_of CASE: the lines of the daemon and of systemd between the marks of a case.
told_of() { awk -v mark="$1" '$0 == "<6> end " mark { on = 0 } on; $0 == "<6> begin " mark { on = 1 }' "$OUT/disturbance.log"; }

# says_why CASE MOST PATTERN...: the journal has a line of each kind, and not more
# than MOST lines of the case in all.
says_why() {
	local name=$1 most=$2 count pattern
	shift 2
	count=$(told_of "$name" | wc -l)
	check "$name: the journal has $count lines, at most $most" test "$count" -le "$most"
	for pattern; do check "$name: it says $pattern" grep -qE "$pattern" <(told_of "$name"); done
}

disturbance_log_checks() {
	journalctl -q -D /run/log/journal -o json SYSLOG_IDENTIFIER=quotad + SYSLOG_IDENTIFIER=systemd + SYSLOG_IDENTIFIER=disturbance |
		jq -r 'select(.MESSAGE | type == "string") | "<\(.PRIORITY)> \(.MESSAGE)"' >"$OUT/disturbance.log"
	local state=/home/tester/.local/state/quotad
	says_why burst 80 '^<6> ready' 'stopped$' 'took in what was spooled'
	says_why manager 60 '^<6> ready .*version=newer'
	says_why stop 20 'stopped$' '^<6> ready'
	says_why no-home 60 '^<3> .*set HOME or XDG_CONFIG_HOME to an absolute path'
	says_why read-only 30 "^<3> .*$state.* read-only" "<3> quotad: hint: .*findmnt -T $state"
	says_why watchdog 80 'quotad.service: Watchdog timeout' '^<3> SIGABRT, as the watchdog sends' '^<3>   quotad/daemon.\(\*Engine\).Run'
	says_why no-start 40 '^<3> .*v9/huge' '^<6> ready'
	says_why new-program 30 '^<3> .*v9/huge' '^<6> ready'
	check "no line has a key of a tool" lacks "$secret_key" "$OUT/journal.log"
	check "nor words of a prompt" lacks "$secret_words" "$OUT/journal.log"
}

# --- as the user: senders -----------------------------------------------------

load=/home/tester/senders # their files: sent, acked, runs (of hooks)

# send ID: one event, and what became of it.
send() {
	echo "$1" >>"$load/sent"
	curl -s --max-time 20 --unix-socket "$socket" -d '{"id":"'"$1"'","tool":"senders"}' http://quotad/v1/events |
		grep -qE '"(recorded|duplicate)"' && echo "$1" >>"$load/acked"
}

# hook_run SESSION: a prompt, as a coding tool tells of it.
hook_run() {
	echo "$1" >>"$load/runs"
	ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic ANTHROPIC_AUTH_TOKEN=$secret_key "$quotad" hook claude-code >>"$load/noise" 2>&1 \
		<<<'{"session_id":"'"$1"'","prompt_id":"'"$1"'","hook_event_name":"UserPromptSubmit","prompt":"'"$secret_words"'"}' ||
		echo "$1 ended with $?" >>"$load/noise"
}

# crowd NAME N: N connections at once, each with an event.
crowd() {
	local i id
	mkdir -p "$load/answers"
	for ((i = 1; i <= $2; i++)); do
		id=$1-$i
		echo "$id" >>"$load/sent"
		[ "$i" = 1 ] || echo next
		printf 'url = "http://quotad/v1/events"\nunix-socket = "%s"\nmax-time = 20\n' "$socket"
		printf 'data = "{\\"id\\":\\"%s\\",\\"tool\\":\\"senders\\"}"\noutput = "%s"\n' "$id" "$load/answers/$id"
	done >"$load/crowd"
	curl -s --parallel --parallel-immediate --parallel-max "$2" --config "$load/crowd" || true
	(cd "$load/answers" && grep -lE '"(recorded|duplicate)"' -- * >>"$load/acked") || true
	rm -r "$load/answers"
}

# under_load NAME COMMAND...: the command, while some send one event after the other.
under_load() {
	local name=$1 before sender senders=()
	shift
	rm -f "$load/enough"
	before=$(wc -l <"$load/acked")
	for sender in 1 2 3; do
		(for ((n = 1; ; n++)); do [ ! -e "$load/enough" ] || break; send "$name-$sender-$n" || true; sleep 0.02; done) &
		senders+=($!)
	done
	(for ((n = 1; ; n++)); do [ ! -e "$load/enough" ] || break; hook_run "$name-hook-$n"; sleep 0.05; done) &
	senders+=($!)
	"$@"
	touch "$load/enough"
	wait "${senders[@]}"
	check "$name: events were acknowledged meanwhile: $(($(wc -l <"$load/acked") - before))" test "$(wc -l <"$load/acked")" -gt $((before + 10))
}

spooled()     { find /home/tester/.local/state/quotad/spool -name '*.json' | wc -l; }
spool_empty() { [ "$(spooled)" = 0 ]; }
listed()      { call /v1/events 30 | jq -r "$1" | sort; }
unlisted()    { comm -23 <(sort -u "$1") <(listed "$2") | head -5; }

# all_once: what was acknowledged or given to a hook is there once. What was not
# acknowledged is sent again, and then is there once as well.
all_once() {
	local id
	within "the spool is taken in" 10 spool_empty
	equal "all that was acknowledged is there" '' "$(unlisted "$load/acked" .id)"
	for id in $(comm -23 <(sort -u "$load/sent") <(sort -u "$load/acked")); do send "$id" || true; done
	equal "what was not is there once it is sent again" '' "$(unlisted "$load/sent" .id)"
	equal "so is what the hooks were told" '' "$(unlisted "$load/runs" 'select(.tool == "claude-code") | .session')"
	equal "nothing is there twice" '' "$(listed 'select(.kind == "prompt") | if .tool == "claude-code" then .session else .id end' | uniq -d | head -5)"
	within "the unit is active" 10 active
}

# begins and ends mark a case in the journal.
begins() { say "-- $2"; systemd-cat -t disturbance echo "begin $1"; }
ends()   { all_once; systemd-cat -t disturbance echo "end $1"; }

# drop_in [LINE]...: further lines of the service; none takes them away.
drop_in() {
	local file=$units/quotad.service.d/disturbance.conf
	mkdir -p "${file%/*}"
	rm -f "$file"
	if [ $# -gt 0 ]; then printf '%s\n' '[Service]' "$@" >"$file"; else rmdir "${file%/*}"; fi
	systemctl --user daemon-reload
}

# --- as the user: cases -------------------------------------------------------

case_disturbance() {
	mkdir -p "$load" /home/tester/mounts
	touch "$load/sent" "$load/acked" "$load/runs" "$load/noise"
	case_burst
	case_manager
	case_slow_batch
	case_no_home
	case_read_only
	case_no_start
	case_new_program
	case_watchdog
	equal "no hook said a word or failed" '' "$(<"$load/noise")"
	quotad_ends 0 verify
}

case_burst() {
	local i
	begins burst "hundreds of senders, while it is away and while it starts"
	systemctl --user stop quotad.socket quotad.service
	for i in {1..10}; do hook_run "spooled-$i"; done
	equal "without the socket the hooks spool" 10 "$(spooled)"
	systemctl --user start quotad.socket
	for i in {1..20}; do hook_run "burst-hook-$i"; done &
	crowd burst 300
	wait $!
	equal "each of them is answered" 300 "$(grep -c '^burst-[0-9]*$' "$load/acked")"
	under_load again restart_often
	ends burst
}
restart_often() {
	local i
	crowd restart 200 &
	for i in 1 2 3; do systemctl --user restart quotad.service; sleep 0.2; done
	wait $!
}

case_manager() {
	begins manager "the manager is reloaded and the program replaced, under load"
	under_load manager upgrade_under_load
	check "it says why it restarts" says 'restarted, its program is new'
	check "the new one runs" cmp -s /home/tester/newer "/proc/$(main)/exe"
	ends manager
}
upgrade_under_load() {
	local i
	for i in 1 2 3; do systemctl --user daemon-reload; systemctl --user reset-failed; done
	install -m 755 /home/tester/newer "$quotad.new" && mv -f "$quotad.new" "$quotad"
	quotad_ends 0 service install
	systemctl --user daemon-reload
}

case_slow_batch() {
	local i start sender
	begins stop "a stop in the middle of a batch"
	(for i in {1..100}; do echo "slow-$i" >>"$load/sent"; printf '{"id":"slow-%s","tool":"senders"}\n' "$i"; sleep 0.05; done) 2>/dev/null |
		curl -s --max-time 20 -T - -X POST -H 'Content-Type: application/x-ndjson' --unix-socket "$socket" http://quotad/v1/events >"$load/slow" 2>/dev/null &
	sender=$!
	send before-stop
	sleep 0.5
	start=$SECONDS
	check "it stops" systemctl --user stop quotad.service
	check "within its time" test $((SECONDS - start)) -le 6
	equal "by itself, with 0" "success exited 0" "$(prop quotad.service Result) $(code_of "$(prop quotad.service ExecMainCode)") $(prop quotad.service ExecMainStatus)"
	wait "$sender" || true
	check "nothing of the batch was acknowledged" lacks recorded "$load/slow"
	check "the next connection starts it again" answers
	ends stop
}
code_of() { [ "$1" = 1 ] && echo exited || echo "killed $1"; }

case_no_home() {
	local code=0
	begins no-home "no HOME"
	output=$(env -i "$quotad" run 2>&1) || code=$?
	equal "without one it ends with 1" 1 "$code"
	check "and says what to set" says '^quotad: error: .*set HOME or XDG_CONFIG_HOME to an absolute path'
	equal "on one line, and a hint" 2 "$(wc -l <<<"$output")"
	drop_in 'UnsetEnvironment=HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR'
	check "the unit does not start so" fails systemctl --user restart quotad.service
	within "the next one holds on, and says why" 10 holds 'set HOME'
	hook_run no-home-hook
	send no-home-1 &
	local waiting=$!
	drop_in
	check "with another unit it is started again" systemctl --user restart quotad.service
	wait "$waiting" || true
	check "who waited is answered when there is one" grep -qx no-home-1 "$load/acked"
	echo no-home-hook-2 >>"$load/runs"
	env -i ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic "$quotad" hook claude-code \
		<<<'{"session_id":"no-home-hook-2","prompt_id":"p","hook_event_name":"UserPromptSubmit","prompt":"x"}'
	ends no-home
}

# holds WHY: the service cannot start, stays, and says why.
holds()   { [ "$(prop quotad.service ActiveState)" = activating ] && grep -q "^Cannot start: .*$1" <<<"$(prop quotad.service StatusText)"; }
mounted()           { touch "/home/tester/mounts/$1"; started "the state folder is $1" 10 test ! -e "/home/tester/mounts/$1"; }

case_read_only() {
	local i
	begins read-only "a state folder that cannot be written"
	mounted ro
	check "one that runs goes on in the file it has" send read-only-1
	hook_run read-only-hook-1
	check "the unit does not start so" fails systemctl --user restart quotad.service
	send read-only-2 &
	local waiting=$!
	for i in 2 3 4 5; do hook_run "read-only-hook-$i"; done
	within "it holds on, and says why" 10 holds 'read-only'
	mounted rw
	wait "$waiting" || true
	check "who waited is answered when it can" grep -qx read-only-2 "$load/acked"
	ends read-only
}

# A service that holds is the old program: a new one is to try.
case_new_program() {
	local before
	begins new-program "a program that is replaced while it cannot start"
	printf '[account.default]\nplan = "v9/huge"\n' >"$config"
	check "the unit does not start so" fails systemctl --user restart quotad.service
	within "the next one holds on" 10 holds 'v9/huge'
	before=$(main)
	cp "$quotad" "$quotad.new"
	mv "$quotad.new" "$quotad"
	kill -HUP "$before"
	within "the new program takes its place" 10 holds_anew "$before" 'v9/huge'
	rm "$config"
	within "and is up once that is mended" 5 active
	ends new-program
}

# holds_anew PID WHY: another process holds.
holds_anew() { holds "$2" && [ "$(main)" != "$1" ] && [ "$(main)" != 0 ]; }

# fails_soon COMMAND...: it fails, and not because it took too long.
fails_soon() {
	local code=0
	timeout 5 "$@" || code=$?
	[ "$code" != 0 ] && [ "$code" != 124 ]
}

# A configuration that is wrong for a while: not a start each second.
case_no_start() {
	local kept before
	begins no-start "a configuration that is wrong for a while"
	kept=$(cat "$config" 2>/dev/null || true)
	mkdir -p "${config%/*}"
	printf '[account.default]\nplan = "v9/huge"\n' >"$config"
	check "the unit does not start so" fails systemctl --user restart quotad.service
	within "the next one holds on, and says why" 10 holds 'v9/huge'
	before=$(prop quotad.service NRestarts)
	hook_run no-start-hook
	sleep 8
	equal "it is not started again meanwhile" "$before" "$(prop quotad.service NRestarts)"
	before=$SECONDS
	output=$(timeout 20 "$quotad" doctor 2>&1) || true
	check "doctor says why" says 'quotad.service does not start: .*v9/huge'
	check "and not after long: $((SECONDS - before)) s" test $((SECONDS - before)) -le 4
	check "who restarts it is told at once" fails_soon systemctl --user restart quotad.service
	within "it holds on again" 10 holds 'v9/huge'
	before=$(main)
	if [ -n "$kept" ]; then printf '%s\n' "$kept" >"$config"; else rm "$config"; fi
	within "mended, it is up at once" 5 active
	equal "in the same process" "$before" "$(main)"
	check "by what the configuration says now" plan_is v2/lite
	ends no-start
}

case_watchdog() {
	begins watchdog "a hang under load"
	drop_in WatchdogSec=2s "Environment=QUOTAD_ZAI_KEY=$secret_key"
	systemctl --user restart quotad.service
	under_load watchdog hang
	drop_in
	systemctl --user restart quotad.service
	ends watchdog
}
hang() {
	local pid
	pid=$(main)
	sleep 1
	kill -STOP "$pid"
	within "it is killed and started again" 15 another "$pid"
	sleep 1
}
