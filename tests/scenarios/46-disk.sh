# shellcheck shell=dash
# Disks that are not raw, or on an NBD server: by qemu-storage-daemon, which vhart starts. And who keeps whom away from a disk.
# lab: hosts=any smp=2

storage() { pidof qemu-storage-daemon; }
no_storage() { [ -z "$(storage)" ]; }

# raw_of IMAGE: as IMAGE.raw
raw_of() { qemu-img convert -O raw "$1" "$1.raw"; }

# boots OPTIONS: run.sh in a guest that goes on
boots() {
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh "$@"
}

# Among others in the order of the command line. What the first life has synced the second reads, and so does qemu-img.
two_lives() {
    limit=200
    { echo first; head -c 1048576 /dev/zero; } >a
    { echo third; head -c 1048576 /dev/zero; } >c
    qemu-img create -q -f qcow2 b.qcow2 64M
    guest '
[ "$(head -n 1 /dev/vda)" = first ] && [ "$(head -n 1 /dev/vdc)" = third ] || exit 3
[ "$(cat /sys/block/vdb/size)" = 131072 ] || exit 4
note() { dd if=/dev/vdb bs=1M skip=63 count=1 2>/dev/null | head -n "$1" | tr -d "\\000"; }
if [ "$(note 1)" = been ]; then
    [ "$(dd if=/dev/vdb bs=1M count=8 2>/dev/null | sha256sum)" = "$(note 2 | tail -n 1)" ] || exit 5
    exit 9
fi
dd if=/dev/urandom of=/random bs=1M count=8 2>/dev/null
{ echo been; sha256sum </random; } >/note
dd if=/random of=/dev/vdb bs=1M conv=fsync 2>/dev/null
dd if=/note of=/dev/vdb bs=1M seek=63 conv=fsync 2>/dev/null
reboot -f' --disk a --disk b.qcow2 --disk c --cpus 2
    expect_status 9
    expect_no_err 'guest error|closed its socket|does not|no sandbox'
    no_storage || die 'a qemu-storage-daemon is left'
    qemu-img check -q b.qcow2 || die 'the image is damaged'
    raw_of b.qcow2
    expect_eq 'the sum' "$(head -c 8388608 b.qcow2.raw | sha256sum)" "$(tail -c 1048576 b.qcow2.raw | head -n 2 | tail -n 1)"
}
t "a qcow2 image among raw disks, over a reboot" two_lives

each_format() {
    limit=200
    for name in one.vmdk two.vdi three.vhdx four.vhd five.qed; do
        format=${name#*.}
        [ "$format" = vhd ] && format=vpc
        qemu-img create -q -f "$format" $name 16M || die "no $format"
        set -- "$@" --disk $name
    done
    guest '
for disk in vda vdb vdc vdd vde; do
    echo "written by $disk" >/text
    dd if=/text of=/dev/$disk bs=512 seek=1000 conv=fsync,sync 2>/dev/null || exit 3
    [ "$(dd if=/dev/$disk bs=512 skip=1000 count=1 2>/dev/null | head -n 1)" = "written by $disk" ] || exit 4
done' "$@" --transport mmio
    expect_status 0
    set -- vda vdb vdc vdd vde
    for name in one.vmdk two.vdi three.vhdx four.vhd five.qed; do
        raw_of $name
        expect_eq "$name" "$(dd if=$name.raw bs=512 skip=1000 count=1 2>/dev/null | head -n 1)" "written by $1"
        shift
    done
}
t "vmdk, vdi, vhdx, vhd and qed, by their names" each_format

# What is behind an image is elsewhere and is only read. What the guest discards the host gets back.
backing_and_discard() {
    mkdir base images
    head -c 16777216 /dev/urandom >base/raw
    qemu-img create -q -f qcow2 -b "$T/base/raw" -F raw images/middle
    qemu-img create -q -f qcow2 -b middle -F qcow2 images/top.qcow2
    sha256sum base/raw images/middle >before
    guest '
sha256sum </dev/vda | tee /dev/console
dd if=/dev/urandom of=/dev/vda bs=1M count=8 conv=fsync 2>/dev/null || exit 3
blkdiscard /dev/vda || exit 4
[ -z "$(head -c 1000000 /dev/vda | tr -d "\\000")" ] || exit 5' --disk images/top.qcow2
    expect_status 0
    expect_out "$(sha256sum <base/raw)"
    sha256sum -c before || die 'what is behind the image was written to'
    [ "$(du -k images/top.qcow2 | cut -f 1)" -lt 4096 ] || die "the image has $(du -k images/top.qcow2)"
}
t "an image with others behind it, and discards" backing_and_discard

# Two that read, one that would write; then one that writes.
several() {
    qemu-img create -q -f qcow2 d.qcow2 16M
    cat >run.sh <<'RUN'
echo "read-only $(cat /sys/block/vda/ro)"
echo x | dd of=/dev/vda conv=fsync 2>/dev/null && echo written
sleep 1000
RUN
    boots --disk d.qcow2,ro
    await 'read-only 1'
    first=$pid
    second() { timeout "$limit" vhart run --kernel /guests/hello.elf --memory 16M "$@" >second.out 2>second.err </dev/null; }
    second --disk d.qcow2,ro || die "a second reader: $(cat second.err)"
    second --disk d.qcow2 && die 'a writer beside a reader'
    grep -qE '^vhart: disk d.qcow2: is in use by another virtual machine: several may share it with ,ro$' second.err || die "$(cat second.err)"
    expect_no_out written
    ends "$first"
    hang_up
    pid=
    until_true no_storage
    boots --disk d.qcow2
    await written
    second --disk d.qcow2,ro && die 'a reader beside a writer'
    grep -qE '^vhart: disk d.qcow2: is in use by another virtual machine that writes to it$' second.err || die "$(cat second.err)"
    ends "$pid"
    hang_up
    pid=
    until_true no_storage
}
t "an image that several read, or one writes" several

# Of raw disks, beside QEMU's programs.
locks_as_qemu() {
    printf 'echo up\nsleep 1000\n' >run.sh
    head -c 1048576 /dev/zero >raw
    boots --disk raw
    await '^up'
    raw_of raw >told 2>&1 && die 'qemu-img reads a disk that a guest writes'
    grep -q 'lock' told || die "$(cat told)"
    ends "$pid"
    hang_up
    pid=
    raw_of raw || die 'the lock outlives the VM'
    qemu-storage-daemon --blockdev driver=file,filename=raw,node-name=disk \
        --export "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=$T/sock,writable=on" &
    storage=$!
    until_true [ -e sock ]
    for words in '' ,ro; do
        run vhart run --kernel /guests/hello.elf --memory 16M --disk raw$words
        expect_status 125
        expect_err '^vhart: disk raw: is in use by another virtual machine'
        expect_one_line
    done
    expect_status 0 vhart run --kernel /guests/hello.elf --memory 16M --disk raw,share-rw=on
    ends $storage
}
t "vhart, qemu-img and qemu-storage-daemon keep each other away from a raw disk" locks_as_qemu

killed() {
    qemu-img create -q -f qcow2 d.qcow2 16M
    cat >run.sh <<'RUN'
echo up
until read -r line && [ "$line" = go ]; do :; done
echo "still here"
sleep 1000
RUN
    boots --disk d.qcow2
    await '^up'
    grep -q 'NoNewPrivs:.*1' "/proc/$(storage)/status" || die 'qemu-storage-daemon is not confined'
    # shellcheck disable=SC2046
    kill -KILL $(storage)
    await 'blk0: qemu-storage-daemon of disk d.qcow2 has closed its socket: the device does not work until the guest is rebooted' "$err"
    say_to 'go
'
    await 'still here'
    ends "$pid"
    hang_up
    pid=
    boots --disk d.qcow2
    await '^up'
    # busybox's timeout becomes the command, and its child is what waits.
    kill -KILL "$pid"
    hang_up
    pid=
    until_true no_storage
    qemu-img check -q d.qcow2 || die 'the image is damaged'
}
t "a qemu-storage-daemon that is killed costs its disk; one without vhart ends" killed

# With requests under way, which it must not lose.
paused() {
    limit=200
    qemu-img create -q -f qcow2 d.qcow2 64M
    cat >run.sh <<'RUN'
for i in $(seq 6); do
    dd if=/dev/urandom of=/dev/vda bs=1M count=16 conv=fsync 2>/dev/null || exit 3
    echo "round $i"
done
RUN
    boots --disk d.qcow2 --control socket
    for round in 1 2 3 4; do
        await "round $round"
        vhart ctl ./socket pause || die 'no pause'
        vhart ctl ./socket resume
    done
    hang_up
    expect_status 0
    expect_no_err 'closed its socket|does not'
}
t "a pause while the guest writes" paused

nbd() {
    head -c 4194304 /dev/urandom >raw
    # What an NBD server has does not grow: room for the image's clusters.
    qemu-img create -q -f qcow2 d 16M
    truncate -s 32M d
    qemu-nbd -t -k "$T/nbd.sock" -x a,b -f raw raw &
    one=$!
    qemu-nbd -t -b 127.0.0.1 -p 10999 -x two -f raw d &
    two=$!
    until_true [ -e nbd.sock ]
    until_true listens 10999
    guest 'sha256sum </dev/vda
echo written >/text
dd if=/text of=/dev/vdb bs=512 seek=7 conv=fsync,sync 2>/dev/null || exit 3' \
        --disk "nbd+unix:///a%2cb?socket=$T/nbd.sock" --disk nbd://127.0.0.1:10999/two,format=qcow2
    expect_status 0
    expect_out "$(sha256sum <raw)"
    run vhart run --kernel /guests/hello.elf --memory 16M --disk nbd://127.0.0.1:10999/three
    expect_status 125
    expect_err '^vhart: disk nbd://127.0.0.1:10999/three: qemu-storage-daemon has closed its socket: .*not'
    expect_one_line
    ends $one $two
    raw_of d
    expect_eq 'what was written' "$(dd if=d.raw bs=512 skip=7 count=1 2>/dev/null | head -n 1)" written
}
t "disks of NBD servers, at a socket and over TCP" nbd

start() { run vhart run --kernel /guests/hello.elf --memory 16M "$@"; }

bad_input() {
    head -c 1048576 /dev/zero >text.qcow2
    start --disk text.qcow2
    expect_status 125
    expect_err '^vhart: disk text.qcow2: its name says qcow2, and it is no such image: add ,format=raw if it is a raw disk$'
    expect_one_line
    start --disk text.qcow2,format=qcow2
    expect_status 125
    expect_err '^vhart: disk text.qcow2: qemu-storage-daemon has closed its socket: Image is not in qcow2 format$'
    expect_one_line
    expect_status 0 vhart run --kernel /guests/hello.elf --memory 16M --disk text.qcow2,format=raw
    qemu-img create -q -f vdi vdi.vmdk 1M
    start --disk vdi.vmdk
    expect_err '^vhart: disk vdi.vmdk: its name says vmdk, and it is a VDI image: add ,format=vdi, if no guest may have written that$'
    expect_one_line
    start --disk none.vmdk
    expect_err '^vhart: disk none.vmdk: No such file or directory$'
    expect_one_line
    start --disk nbd://127.0.0.1:1/
    expect_status 125
    expect_err '^vhart: disk nbd://127.0.0.1:1/: .*Connection refused'
    expect_one_line
    qemu-img create -q -f qcow2 real.qcow2 1M
    mount --bind /dev/null /usr/bin/qemu-storage-daemon
    start --disk real.qcow2
    umount /usr/bin/qemu-storage-daemon
    expect_status 125
    expect_err '^vhart: disk real.qcow2: there is no qemu-storage-daemon on this host, .*: install the package qemu-utils'
    expect_one_line
}
t "no image, no server, no qemu-storage-daemon: a line each" bad_input
