# The filter of system calls under load. Source it from systemd-test.sh, after
# hardening.sh; it runs nothing by itself.
#
# The unit has a stray call refused, which a program may bear without a word. So
# the tests that have daemons at work run in a unit with all directives of the
# installed one but that: there a call that the filter lacks ends who makes it.

# Kills, reloads and ends in the middle of load, records in text and in SQLite,
# the provider, both ways of notices, backup, restore, and compaction.
filter_tests='
	quotad:TestKillInTheMiddleOfLoad|TestReloadInTheMiddleOfLoad|TestTerminateInTheMiddleOfLoad|TestTranscriptIsRead|TestCrushIsCountedByItsDatabase|TestSecretsAreNowhere
	notify:TestDesktopShows|TestCommandGetsTheNotice
	store:TestACompactionGivesBackWhatIsFree'

# build_filter_tests DIR: the tests as programs, from the top of the source.
build_filter_tests() {
	local package
	for package in cmd/quotad notify daemon/store; do
		CGO_ENABLED=0 go test -c -o "$1/${package##*/}.test" "./$package"
	done
}

# filter_unit UNIT TESTS [LINE]...: a unit that runs the tests under the lines.
filter_unit() {
	local unit=$1 tests=$2 test line
	shift 2
	{
		printf '[Service]\nType=oneshot\nTimeoutStartSec=3min\nEnvironment=QUOTAD_TORTURE_ROUNDS=10\n'
		printf 'WorkingDirectory=/home/tester\nStandardOutput=append:%s\nStandardError=inherit\n' "/home/tester/$unit.out"
		for test in $tests; do
			printf 'ExecStart=/home/tester/tests/%s.test -test.v -test.run ^(%s)$$\n' "${test%%:*}" "${test#*:}"
		done
		for line; do printf '%s\n' "$line"; done
	} >"$units/$unit.service"
}

case_filter() {
	say "-- the filter of system calls, under load"
	local lines test
	mapfile -t lines < <(hardening | grep -v '^SystemCallErrorNumber=')
	filter_unit load "$filter_tests" "${lines[@]}"
	# That such an end is seen at all.
	filter_unit load-without "quotad:TestTranscriptIsRead" "${lines[@]}" 'SystemCallFilter=~fdatasync'
	systemctl --user daemon-reload
	check "all that the daemon does is within it" systemctl --user start load
	for test in $(grep -o 'Test[A-Za-z]*' <<<"$filter_tests"); do
		check "$test" grep -q "^--- PASS: $test " /home/tester/load.out
	done
	check "no call was stray" lacks 'bad system call|SIGSYS' /home/tester/load.out
	check "with a call less it ends" fails systemctl --user start load-without
	check "by that call" grep -q 'bad system call' /home/tester/load-without.out
	rm -f "$units"/load*.service
	systemctl --user daemon-reload
}
fails() { ! "$@" 2>/dev/null; }
