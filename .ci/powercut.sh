#!/bin/bash
# powercut.sh BOOTS OUT: a small virtual machine runs quotad on an ext4 of its
# own and tells on its serial line, outside, each event that was acknowledged.
# It is killed at a random moment, and what it had not synced is gone with its
# memory. The next boot looks for all that was told, and goes on. Then the same
# with a quotad built without syncs, which has to lose some.
# Needs what vm.sh needs, and e2fsprogs. Writes OUT/powercut.log, which ends with
# the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh
. .ci/vm.sh

boots=${1:-5} out=${2:-/tmp/quotad-powercut.$$}
need mke2fs
need_vm
mkdir -p "$out"
work=$(mktemp -d "$out/vm.XXXXXX")
trap 'rm -rf "$work"' EXIT

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

# image OUT QUOTAD makes the initrd of a machine with that quotad.
image() { initrd "$1" .ci/powercut-init.sh "$2=bin/quotad" "$work/witness=bin/witness"; }

# told lists the ids that the machine acknowledged, as far as its line was whole.
told() { tr -d '\r' <"$1" | sed -n 's/^ACK \([a-z0-9-]*\)\.$/\1/p'; }

# cut INITRD DISK NAME ROUNDS: kills the machine so often; sets acked and lost.
cut() {
	local image=$1 disk=$2 name=$3 rounds=$4 n log
	acked=0 lost=0
	: >"$work/$name.told"
	new_disk "$disk"
	for n in $(seq "$rounds"); do
		log=$out/$name-$n.log
		: >"$log"
		machine "$image" "$disk" "$log" "mode=write$n"
		within "$name, boot $n: it acknowledges" 120 grep -q '^ACK .*-12\.' "$log"
		sleep "0.$((RANDOM % 10))"
		stop_machine
		told "$log" >>"$work/$name.told"
		log=$out/$name-$n-after.log
		machine "$image" "$disk" "$log" mode=look
		await 120 grep -q '^END' "$log" || say "no end of $log"
		stop_machine
		tr -d '\r' <"$log" | sed -n 's/^HAS \([a-z0-9-]*\)\.$/\1/p' | sort >"$work/has"
		lost=$(sort -u "$work/$name.told" | comm -23 - <(sort -u "$work/has") | wc -l)
		doubled=$((doubled + $(uniq -d "$work/has" | wc -l)))
		tr -d '\r' <"$log" | grep -q '^VERIFIED 0' || unwell=$((unwell + 1))
	done
	acked=$(sort -u "$work/$name.told" | wc -l)
}

{
	doubled=0 unwell=0
	build_static "$work/quotad"
	no_sync
	build_static "$work/quotad-nosync" -modfile="$work/no-sync.mod"
	CGO_ENABLED=0 go build -trimpath -o "$work/witness" ./tools/torture/witness
	image "$work/with" "$work/quotad"
	image "$work/without" "$work/quotad-nosync"
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
