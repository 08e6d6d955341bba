#!/bin/busybox sh
# The first program of the machine that powercut.sh kills. mode=writeN: run
# quotad and tell each event that it acknowledges. mode=look: tell what is there.
. /vm-init.sh
mode=$(sed -n 's/.*mode=\([a-z0-9]*\).*/\1/p' /proc/cmdline)
printf '[notify]\ndesktop = false\n[account.default]\nplan = "v3/pro"\n' >/tmp/config.toml
daemon
cat /tmp/log
case $mode in
write*) witness /tmp/s "vm-${mode#write}" ;;
look)
	quotad events --json 2>/dev/null | sed -n 's/.*"id":"\(vm-[0-9-]*\)".*/HAS \1./p'
	quotad verify
	echo "VERIFIED $?"
	;;
esac
echo END
sleep 1000
