# Each hardening directive of the unit, proved under a real user manager. Source
# it from systemd-test.sh; it runs nothing by itself.
#
# What a directive forbids is tried (tools/probe) in a unit without any, where it
# has to come about, so that the proof is of the directive and not of the machine;
# in one that has this directive alone, and in one that has them all, where it
# must not. The directives are read from the unit that was installed, and one
# that nothing is known of fails.

# hardening prints the directives of the installed unit, one a line.
hardening() { sed -n '/^# Hardening/,/^# Left out/p' "$units/quotad.service" | grep -E '^[A-Z][A-Za-z]*='; }

# probe_unit UNIT PROBES [LINE]...: a unit that tries the probes under the lines.
probe_unit() {
	local unit=$1 probes=$2 line
	shift 2
	{
		printf '[Service]\nType=oneshot\nTimeoutStartSec=20\nExecStart=/home/tester/probe %s\n' "$probes"
		printf 'StandardOutput=file:/home/tester/%s.out\nWorkingDirectory=/home/tester\n' "$unit"
		for line; do printf '%s\n' "$line"; done
	} >"$units/$unit.service"
}

# tried UNIT DIRECTIVE: what came of it, "allowed" or "denied: how".
tried() { sed -n "s/^$2 //p" "/home/tester/$1.out"; }

case_hardening() {
	say "-- hardening: each directive takes effect"
	local lines=() names=() line name unit filter
	mapfile -t lines < <(hardening)
	check "the unit has hardening directives" test ${#lines[@]} -ge 10
	for line in "${lines[@]}"; do names+=("${line%%=*}"); done
	filter=$(hardening | grep '^SystemCallFilter=')
	# Without LimitCORE a unit has what the manager has, which may be nothing.
	probe_unit probe-none "${names[*]}" LimitCORE=infinity
	# What that is for shows where there is the filter without it.
	probe_unit probe-stray SystemCallErrorNumber "$filter"
	probe_unit probe-all "${names[*]}" "${lines[@]}"
	for line in "${lines[@]}"; do
		name=${line%%=*}
		case $name in
		SystemCallFilter | SystemCallErrorNumber) probe_unit "probe-$name" "$name" "$filter" SystemCallErrorNumber=EPERM ;;
		*) probe_unit "probe-$name" "$name" "$line" ;;
		esac
	done
	systemctl --user daemon-reload
	for unit in "$units"/probe-*.service; do
		unit=${unit##*/}
		check "${unit%.service} runs" systemctl --user start "$unit"
	done
	for name in "${names[@]}"; do
		case $name in
		SystemCallErrorNumber) equal "without $name" allowed "$(tried probe-stray "$name")" ;;
		*) equal "without $name" allowed "$(tried probe-none "$name")" ;;
		esac
		check "with $name alone: $(tried "probe-$name" "$name")" grep -q "^$name denied" "/home/tester/probe-$name.out"
		check "with all of them: $(tried probe-all "$name")" grep -q "^$name denied" /home/tester/probe-all.out
	done
	rm -f "$units"/probe-*.service /home/tester/core*
	systemctl --user daemon-reload
	say "-- and the daemon runs under them"
	local status
	status=/proc/$(main)/status
	equal "seccomp filters" 2 "$(awk '/^Seccomp:/ { print $2 }' "$status")"
	equal "no new privileges" 1 "$(awk '/^NoNewPrivs:/ { print $2 }' "$status")"
}
