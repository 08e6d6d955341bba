# What the scripts of this folder share. Source it; it runs nothing.

passed=0 failed=0

say()  { printf '%s\n' "$*"; }
ok()   { passed=$((passed + 1)); say "ok    $*"; }
fail() { failed=$((failed + 1)); say "FAIL  $*"; }

# check SENTENCE COMMAND...: the command must succeed.
check() {
	local sentence=$1
	shift
	if "$@"; then ok "$sentence"; else fail "$sentence: $*"; fi
}

# equal SENTENCE WANT GOT
equal() {
	if [ "$2" = "$3" ]; then ok "$1"; else fail "$1: want [$2], got [$3]"; fi
}

# await SECONDS COMMAND...: try until it succeeds or the time is up.
await() {
	local limit=$1 start=$SECONDS
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((SECONDS - start)) -lt "$limit" ] || return 1
		sleep 0.05
	done
}

# within SENTENCE SECONDS COMMAND...: the command must succeed before the time is up.
within() {
	local sentence=$1 limit=$2
	shift 2
	if await "$limit" "$@"; then ok "$sentence"; else fail "$sentence: not within $limit s: $*"; fi
}

# started: like within, and without it there is nothing to test.
started() {
	local before=$failed
	within "$@"
	[ "$failed" -eq "$before" ] || { finish; exit 1; }
}

# need COMMAND...: without these the test is skipped with a word; in CI they must be there.
need() {
	local command missing=()
	for command; do
		command -v "$command" >/dev/null || missing+=("$command")
	done
	[ ${#missing[@]} -eq 0 ] || skip "these are not here: ${missing[*]}"
}

skip() {
	say "skipped ${0##*/}: $*"
	[ -z "${QUOTAD_CI:-}" ] || exit 1
	exit 0
}

# finish prints the sum, and ends with 1 where something failed.
finish() {
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# now prints the seconds since boot, the clock that dunst stamps notices with.
now() { cut -d' ' -f1 /proc/uptime; }

# gone PID: the process has ended (a zombie has).
gone() { ! [ -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }

# end PID...: SIGTERM, and SIGKILL after 5 s. Only ever a pid that we started.
end() {
	local pid i
	for pid; do
		kill "$pid" 2>/dev/null || continue
		kill -CONT "$pid" 2>/dev/null || true
		for i in {1..100}; do gone "$pid" && break; sleep 0.05; done
		gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# served: a notification server is on the session bus. It starts none.
served() {
	dbus-send --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
		org.freedesktop.DBus.NameHasOwner string:org.freedesktop.Notifications | grep -q true
}
