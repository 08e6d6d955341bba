#!/bin/busybox sh
# The first program of the machine that powercut.sh kills. mode=writeN: run
# quotad and tell each event that it acknowledges. mode=look: tell what is there.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
mount -t tmpfs t /tmp
while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/order
for i in $(seq 100); do [ -b /dev/vda ] && break; sleep 0.1; done
mount -t ext4 /dev/vda /data && echo MOUNTED
mode=$(sed -n 's/.*mode=\([a-z0-9]*\).*/\1/p' /proc/cmdline)
export HOME=/data XDG_RUNTIME_DIR=/tmp QUOTAD_STATE_DIR=/data/state QUOTAD_SOCKET=/tmp/s QUOTAD_CONFIG=/tmp/config.toml
printf '[notify]\ndesktop = false\n[account.default]\nplan = "v3/pro"\n' >/tmp/config.toml
quotad run >/tmp/log 2>&1 &
for i in $(seq 300); do grep -q ready /tmp/log && break; sleep 0.1; done
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
