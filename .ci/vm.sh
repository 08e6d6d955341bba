# A small virtual machine of qemu, without KVM, whose first and only programs are
# busybox and what a test puts in. Source it after lib.sh; it runs nothing.
# Needs qemu-system-x86 linux-image-amd64 busybox-static cpio kmod.

# need_vm skips where the parts are missing; sets kernel, and its version.
need_vm() {
	need qemu-system-x86_64 busybox cpio modprobe
	kernel=$(ls -t /boot/vmlinuz-*-amd64 2>/dev/null | head -1)
	[ -n "$kernel" ] || skip "no kernel of Debian is here: linux-image-amd64"
	version=${kernel#*/vmlinuz-}
}

# build_static OUT ARGS...: a quotad that needs no libraries.
build_static() { CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1" "${@:2}" ./cmd/quotad; }

# initrd OUT INIT FILE=PLACE...: busybox, the modules that a disk with ext4 takes
# (/modules/order lists them), INIT as the first program, which begins with
# vm-init.sh, and each FILE at PLACE.
initrd() {
	local out=$1 init=$2 root module file
	root=$(mktemp -d "$out.XXXXXX")
	mkdir -p "$root"/{bin,dev,proc,sys,data,tmp,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$init" "$root/init"
	cp .ci/vm-init.sh "$root/"
	for file in "${@:3}"; do install -D "${file%%=*}" "$root/${file#*=}"; done
	: >"$root/modules/order"
	for module in virtio_pci virtio_blk crc32c_generic ext4; do add_module "$root/modules" "$module"; done
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$out"
	rm -rf "$root"
}

# add_module FOLDER NAME: the module, after those that it needs.
add_module() {
	local what path
	modprobe -S "$version" --show-depends "$2" | while read -r what path _; do
		[ "$what" = insmod ] || continue
		[ -e "$1/${path##*/}" ] || echo "${path##*/}" >>"$1/order"
		cp -n "$path" "$1/"
	done
}

# new_disk FILE: an empty ext4 of 96 MB.
new_disk() { truncate -s 96M "$1" && mke2fs -q -F -t ext4 "$1"; }

# machine INITRD DISK LOG WORDS [OPTION...]: begins one, whose pid is $vm. LOG is
# its serial line, WORDS are added to the kernel's command line.
machine() {
	qemu-system-x86_64 -accel tcg -cpu max -M q35 -m 512 -smp 1 -display none -monitor none -no-reboot -nic none \
		-kernel "$kernel" -initrd "$1" -append "console=ttyS0 quiet panic=-1 $4" \
		-drive "file=$2,format=raw,if=virtio,cache=writeback" -serial "file:$3" "${@:5}" </dev/null &
	vm=$!
}

# stop_machine: the power goes. What it had not synced is gone with its memory.
stop_machine() {
	kill -9 "$vm" 2>/dev/null || true
	wait "$vm" 2>/dev/null || true
}
