#!/bin/bash
# powercut.sh BOOTS OUT: a small virtual machine runs quotad on an ext4 of its
# own and tells on its serial line, outside, each event that was acknowledged.
# It is killed at a random moment, and what it had not synced is gone with its
# memory. The next boot looks for all that was told, and goes on. Then the same
# with a quotad built without syncs, which has to lose some.
# Needs qemu-system-x86 linux-image-amd64 busybox-static e2fsprogs cpio kmod curl;
# no KVM. Writes OUT/powercut.log, which ends with the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh

boots=${1:-5} out=${2:-/tmp/quotad-powercut.$$}
need qemu-system-x86_64 busybox mke2fs cpio modprobe
kernel=$(ls -t /boot/vmlinuz-*-amd64 2>/dev/null | head -1)
[ -n "$kernel" ] || skip "no kernel of Debian is here: linux-image-amd64"
version=${kernel#*/vmlinuz-}
mkdir -p "$out"
work=$(mktemp -d "$out/vm.XXXXXX")
trap 'rm -rf "$work"' EXIT

build() { CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$1" "${@:2}" ./cmd/quotad; }

# no_sync writes a go.mod for a quotad whose bbolt syncs nothing.
no_sync() {
	cp -r "$(go list -m -f '{{.Dir}}' go.etcd.io/bbolt)" "$work/bbolt"
	chmod -R u+w "$work/bbolt"
	printf 'package bbolt\n\nfunc fdatasync(*DB) error { return nil }\n' >"$work/bbolt/bolt_linux.go"
	sed -i 's/if err := db.file.Sync(); err/if err := error(nil); err/' "$work/bbolt/db.go"
	cp go.mod "$work/no-sync.mod"
	cp go.sum "$work/no-sync.sum"
	go mod edit -replace "go.etcd.io/bbolt=$work/bbolt" "$work/no-sync.mod"
}

# initrd makes the first and only programs of the machine: busybox, quotad as
# $1 and the modules that a disk with ext4 takes.
initrd() {
	local root=$work/root module path
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,data,tmp,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$1" "$root/bin/quotad"
	cp "$work/witness" "$root/bin/witness"
	: >"$root/modules/order"
	for module in virtio_pci virtio_blk crc32c_generic ext4; do
		modprobe -S "$version" --show-depends "$module" | while read -r what path _; do
			[ "$what" = insmod ] || continue
			[ -e "$root/modules/${path##*/}" ] || echo "${path##*/}" >>"$root/modules/order"
			cp -n "$path" "$root/modules/"
		done
	done
	cp .ci/powercut-init.sh "$root/init"
	chmod +x "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$2"
}

# machine INITRD DISK LOG MODE: begins one, whose pid is $vm.
machine() {
	qemu-system-x86_64 -accel tcg -cpu max -M q35 -m 512 -smp 1 -display none -monitor none -no-reboot -nic none \
		-kernel "$kernel" -initrd "$1" -append "console=ttyS0 quiet panic=-1 mode=$4" \
		-drive "file=$2,format=raw,if=virtio,cache=writeback" -serial "file:$3" </dev/null &
	vm=$!
}

# told lists the ids that the machine acknowledged, as far as its line was whole.
told() { tr -d '\r' <"$1" | sed -n 's/^ACK \([a-z0-9-]*\)\.$/\1/p'; }

# cut INITRD DISK NAME ROUNDS: kills the machine so often; sets acked and lost.
cut() {
	local image=$1 disk=$2 name=$3 rounds=$4 n log
	acked=0 lost=0
	: >"$work/$name.told"
	truncate -s 96M "$disk" && mke2fs -q -F -t ext4 "$disk"
	for n in $(seq "$rounds"); do
		log=$out/$name-$n.log
		: >"$log"
		machine "$image" "$disk" "$log" "write$n"
		within "$name, boot $n: it acknowledges" 120 grep -q '^ACK .*-12\.' "$log"
		sleep "0.$((RANDOM % 10))" && { kill -9 "$vm" 2>/dev/null || true; }
		wait "$vm" 2>/dev/null || true
		told "$log" >>"$work/$name.told"
		log=$out/$name-$n-after.log
		machine "$image" "$disk" "$log" look
		await 120 grep -q '^END' "$log" || say "no end of $log"
		kill -9 "$vm" 2>/dev/null || true
		wait "$vm" 2>/dev/null || true
		tr -d '\r' <"$log" | sed -n 's/^HAS \([a-z0-9-]*\)\.$/\1/p' | sort >"$work/has"
		lost=$(sort -u "$work/$name.told" | comm -23 - <(sort -u "$work/has") | wc -l)
		doubled=$((doubled + $(uniq -d "$work/has" | wc -l)))
		tr -d '\r' <"$log" | grep -q '^VERIFIED 0' || unwell=$((unwell + 1))
	done
	acked=$(sort -u "$work/$name.told" | wc -l)
}

{
	doubled=0 unwell=0
	build "$work/quotad"
	no_sync
	build "$work/quotad-nosync" -modfile="$work/no-sync.mod"
	CGO_ENABLED=0 go build -trimpath -o "$work/witness" ./tools/torture/witness
	initrd "$work/quotad" "$work/with"
	initrd "$work/quotad-nosync" "$work/without"
	cut "$work/with" "$work/disk" synced "$boots"
	say "figures: machine killed $boots times, $acked events acknowledged, $lost lost, $doubled doubled, $unwell times not well"
	equal "none is lost" 0 "$lost"
	equal "none is there twice" 0 "$doubled"
	equal "verify finds nothing" 0 "$unwell"
	check "events were acknowledged" [ "$acked" -gt 0 ]
	cut "$work/without" "$work/disk2" unsynced 1
	say "figures: control without syncs: $acked events acknowledged, $lost lost"
	check "the control loses some" [ "$lost" -gt 0 ]
	finish
} 2>&1 | tee "$out/powercut.log"
