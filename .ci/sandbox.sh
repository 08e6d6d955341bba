# The sandbox of the service, proved under a real user manager. Source it from
# systemd-test.sh, after hardening.sh; it runs nothing by itself.

sandbox_conf() { echo "$units/quotad.service.d/10-sandbox.conf"; }

# --- as root ----------------------------------------------------------------

# make_user makes an ordinary user where $user is none: nobody is none, being
# whoever a user namespace does not know.
make_user() {
	mkdir -p /run/shared /run/systemd/unit-root # the second as the first manager of a machine makes it
	chmod 1777 /run/shared
	! id -u "$user" >/dev/null 2>&1 || return 0
	{ cat /etc/passwd; echo "$user:x:4242:4242::/home/tester:/bin/bash"; } >/run/passwd
	mount --bind /run/passwd /etc/passwd
}

# others asks the daemon as root and as another user, each time the user wishes.
others() {
	local dir=/home/tester/others ask='-s -o /dev/null -w %{http_code} --max-time 5 http://quotad/v1/status --unix-socket'
	while sleep 0.05; do
		[ -e "$dir/socket" ] || continue
		curl $ask "$(<"$dir/socket")" >"$dir/root" || true
		setpriv --reuid 4343 --regid 4343 --clear-groups curl $ask "$(<"$dir/socket")" >"$dir/other" || true
		rm "$dir/socket"
	done
}

# --- as the user --------------------------------------------------------------

# asked_by_others has them ask, whatever the modes of the files on the way say.
asked_by_others() {
	local dir=/home/tester/others
	mkdir -p "$dir"
	chmod 711 "$XDG_RUNTIME_DIR" "${socket%/*}"
	chmod 666 "$socket"
	echo "$socket" >"$dir/new" && mv "$dir/new" "$dir/socket"
	within "others have asked" 10 test ! -e "$dir/socket"
	chmod 600 "$socket"
	chmod 700 "$XDG_RUNTIME_DIR" "${socket%/*}"
	by_root=$(<"$dir/root") by_other=$(<"$dir/other")
}

doctor_says() {
	output=$("$quotad" doctor --json 2>/dev/null | jq -r '.checks[] | select(.check == "sandbox") | "\(.verdict) \(.text) \(.mend)"')
	check "doctor: $1" says "$1"
}

case_sandbox() {
	say "-- the sandbox, before it is on"
	mkdir -p /home/tester/.ssh && echo key >/home/tester/.ssh/id
	asked_by_others
	equal "root is admitted" 200 "$by_root"
	equal "another user is not" 403 "$by_other"
	if [ "$(id -u)" = 65534 ]; then
		sandbox_of_nobody
		return
	fi
	doctor_says '^ok off; it is possible here quotad service install --sandbox$'
	sandbox_impossible
	say "-- the sandbox, on"
	sandbox_on
	sandbox_directives
	sandbox_holds
	sandbox_serves
	say "-- the sandbox, off again"
	quotad_ends 0 service install --no-sandbox
	check "it says so" says "$(sandbox_conf): removed"
	check "the service is in no namespace of its own" test /proc/self/ns/user -ef "/proc/$(main)/ns/user"
}

# Whoever is not known in there has the number of nobody (TEST_USER=nobody).
sandbox_of_nobody() {
	quotad_ends 1 service install --sandbox
	check "nobody is refused one" says 'no sandbox is possible here: a user that is not known in the sandbox'
	doctor_says '^ok off, and not possible here: a user that is not known'
}

sandbox_on() {
	quotad_ends 0 service install --sandbox
	check "it says what it wrote" says "$(sandbox_conf): written"
	check "and that it restarted" says 'restarted, its unit is new'
	quotad_ends 0 service status
	check "status tells" says '^sandbox +on$'
}

# A manager that takes the directives and does not do as they say.
sandbox_impossible() {
	local none=$units/service.d/none.conf before
	before=$(main)
	mkdir -p "${none%/*}"
	printf '[Service]\nPrivateUsers=no\n' >"$none"
	systemctl --user daemon-reload
	quotad_ends 1 service install --sandbox
	check "where systemd ignores it the probe says so" says 'error: no sandbox is possible here: systemd makes no user namespace'
	check "and how to go on" says 'hint: quotad service install --no-sandbox'
	doctor_says '^ok off, and not possible here: systemd makes'
	printf '[Service]\nPrivateUsers=yes\nReadWritePaths=/nowhere\n' >"$none"
	systemctl --user daemon-reload
	quotad_ends 1 service install --sandbox
	check "where systemd cannot, its own words are told" says 'error: no sandbox is possible here: systemd ended it with status 226/NAMESPACE'
	say "$output"
	rm -r "${none%/*}"
	systemctl --user daemon-reload
	check "nothing is written" test ! -e "$(sandbox_conf)"
	equal "the service runs as it did" "$before" "$(main)"
	check "no trial is left" test -z "$(systemctl --user list-units --all --plain --no-legend 'quotad-sandbox*'; ls "$XDG_RUNTIME_DIR" | grep quotad-sandbox)"
}

# Each directive: without any, with it and the user namespace that it needs, and
# with all of them.
sandbox_directives() {
	local lines=() names=() name want
	mapfile -t lines < <(grep -E '^[A-Z][A-Za-z]*=' "$(sandbox_conf)" | grep -v '^ExecStartPre=')
	mapfile -t names < <(printf '%s\n' "${lines[@]%%=*}" | sort -u)
	check "the drop-in has directives" test ${#names[@]} -ge 5
	probe_unit probe-none "${names[*]}"
	probe_unit probe-all "${names[*]}" "${lines[@]}"
	for name in "${names[@]}"; do
		if [ "$name" = ReadWritePaths ]; then # what it is for shows where the rest is without it
			mapfile -t want < <(printf '%s\n' "${lines[@]}" | grep -v "^$name=")
		else
			mapfile -t want < <(printf '%s\n' PrivateUsers=yes "${lines[@]}" | grep -E "^($name|PrivateUsers)=")
		fi
		probe_unit "probe-$name" "$name" "${want[@]}"
	done
	systemctl --user daemon-reload
	for name in none all "${names[@]}"; do check "probe-$name runs" systemctl --user start "probe-$name"; done
	for name in "${names[@]}"; do
		equal "without $name" allowed "$(tried probe-none "$name")"
		check "$name: $(tried "probe-$name" "$name")" grep -q "^$name denied" "/home/tester/probe-$name.out"
		want=denied
		[ "$name" != ReadWritePaths ] || want=allowed
		check "with all of them: $(tried probe-all "$name")" grep -q "^$name $want" /home/tester/probe-all.out
	done
	# What needs more is run outside of it, as the README has it.
	probe_unit probe-outside '' "${lines[@]}" ExecStart= 'ExecStart=systemd-run --user --quiet --collect touch /home/tester/outside'
	systemctl --user daemon-reload
	check "a unit in it may have a program run outside" systemctl --user start probe-outside
	within "which can write" 5 test -e /home/tester/outside
	rm -f "$units"/probe-*.service
	systemctl --user daemon-reload
}

# The daemon's own view of the files, and who may ask it.
sandbox_holds() {
	local root
	root=/proc/$(main)/root/home/tester
	check "the daemon sees the home folder" test -s "$root/.local/bin/quotad"
	check "and cannot write there" refused 'Read-only file system' touch "$root/new"
	check "nor read a key" refused 'Permission denied' cat "$root/.ssh/id"
	asked_by_others
	check "its user is admitted" answers
	equal "another user is not" 403 "$by_other"
	equal "nor root, who cannot be told from another user" 403 "$by_root"
	doctor_says '^ok on: '
	quotad_ends 0 service install
	check "to install again changes nothing" says '10-sandbox.conf: unchanged'
	check "nor restarts it" says 'running already'
}
refused() { local want=$1; shift; { ! output=$("$@" 2>&1); } && says "$want"; }

# All that the daemon does, in the sandbox.
sandbox_serves() {
	local count shown old=/home/tester/.claude/projects/p/s.jsonl
	count=$(used) shown=$(notices_shown)
	sed "s/glm-4.7/glm-4.5-air/; s/\"timestamp\":\"[^\"]*\"/\"timestamp\":\"$(date -u +%FT%T.000Z)\"/; s/:\"\([ursm]\)\"/:\"\12\"/g" "$old" >"${old%.jsonl}2.jsonl"
	curl -sf --max-time 10 --unix-socket "$socket" -d '{"tool":"claude-code","session":"s2","transcript":"'"${old%.jsonl}2.jsonl"'"}' http://quotad/v1/turns >/dev/null
	prompt
	equal "a prompt is counted" $((count + 1)) "$(used)"
	quotad_ends 0 notify test
	within "a notice is shown on the desktop" 10 more_shown "$shown"
	quotad_ends 0 backup
	check "a backup is written" says '/home/tester/.local/state/quotad/backups/'
	printf '[account.default]\nplan = "v2/max"\n' >"$config"
	systemctl --user reload quotad
	within "the configuration is read again" 5 plan_is v2/max
	rm "$config"
	systemctl --user reload quotad
	within "what a tool keeps in the home folder is read" 10 air_read
}
notices_shown() { dunstctl history | jq '.data[0] | length'; }
more_shown()    { dunstctl close-all; [ "$(notices_shown)" -gt "$1" ]; }
air_read()      { call /v1/events | grep -q '"kind":"usage".*"model":"glm-4.5-air"'; }
