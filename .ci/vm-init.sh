# What the first programs of the machines of vm.sh begin with. Sourced by them.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
mount -t tmpfs t /tmp
while read -r module; do insmod "/modules/$module" 2>/dev/null; done </modules/order
for i in $(seq 100); do [ -b /dev/vda ] && break; sleep 0.1; done
mount -t ext4 /dev/vda /data && echo MOUNTED
export HOME=/data XDG_RUNTIME_DIR=/tmp QUOTAD_STATE_DIR=/data/state QUOTAD_SOCKET=/tmp/s QUOTAD_CONFIG=/tmp/config.toml

# daemon begins quotad, whose pid is $pid, and waits until it is ready.
daemon() {
	: >/tmp/log
	quotad run >>/tmp/log 2>&1 &
	pid=$!
	for i in $(seq 300); do grep -q ready /tmp/log && break; sleep 0.1; done
}
