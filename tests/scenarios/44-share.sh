# shellcheck shell=dash
# Folders of the host in the guest: --share, by virtiofsd in its sandbox.
# lab: hosts=any smp=2

# of_virtiofsd PROCESS: the processes below that one
of_virtiofsd() {
    for child in $(children "$1"); do
        case $(cat "/proc/$child/comm") in virtiofsd) echo "$child" ;; esac
    done
}

# no_virtiofsd: of this test
no_virtiofsd() { [ -z "$(pidof virtiofsd)" ]; }

# The guest writes, reboots, and reads what it wrote: the second life has the shares too. It is paused while it writes.
two_shares() {
    mkdir work fixed
    echo kept >fixed/file
    limit=200
    cat >run.sh <<'RUN'
mkdir /mine /fixed
mount -t virtiofs work /mine && mount -t virtiofs share0 /fixed || exit 3
[ "$(cat /fixed/file)" = kept ] || exit 4
echo no 2>/dev/null >/fixed/new && exit 5
[ ! -e /mine/sum ] || { cd /mine && sha256sum -c sum && exit 9; }
for i in $(seq 60); do dd if=/dev/urandom of=/mine/part$i bs=64k count=1 2>/dev/null; done
cat /mine/part* >/mine/all && cd /mine && sha256sum all >sum && cd / && sync && reboot -f
RUN
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M --transport mmio \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --share work,tag=work --share fixed,ro --control socket
    until_true [ -e work/part2 ]
    vhart ctl ./socket pause
    ls -l work >one
    sleep 1
    ls -l work >two
    vhart ctl ./socket resume
    hang_up
    expect_status 9
    expect_out 'all: OK'
    expect_eq 'the folder of a paused guest' "$(cat two)" "$(cat one)"
    expect_eq 'the sum of what it wrote' "$(cd work && sha256sum all)" "$(cat work/sum)"
    [ ! -e fixed/new ] || die 'it wrote to a share that is read-only'
    # On an initramfs (pivot_root) older kernels have a weaker sandbox, and a line says so, and why.
    sed "/cannot have the sandbox 'namespace' here, and has 'chroot': ./d" "$err" >weaker
    ! grep 'sandbox' weaker || die 'a weaker sandbox has no reason'
    expect_no_err 'guest error|closed its socket|does not'
    no_virtiofsd || die 'a virtiofsd is left'
}
t "two shares, one of them read-only, over a pause and a reboot" two_shares

# Its root is a share, its disk another process's. The virtiofsd of another share dies, then vhart does.
killed() {
    mkdir root other
    dd if=/dev/urandom of=disk bs=64k count=16 2>/dev/null
    qemu-storage-daemon --blockdev "driver=file,node-name=disk,filename=$T/disk" \
        --export "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=$T/disk.sock" >/dev/null 2>&1 &
    storage=$!
    until_true [ -e disk.sock ]
    (cd root && cpio -i <"/guests/$linux/initrd-small") 2>/dev/null
    cat >root/run.sh <<'RUN'
mkdir -p /other
mount -t virtiofs other /other || exit 3
sha256sum </dev/vda >/sum
echo up >/up
until [ -e /go ]; do usleep 100000; done
echo "alive on $(sed -n 's/ \/ .*//p' /proc/mounts | tail -n 1)"
sleep 1000
RUN
    talk vhart run --kernel "/guests/$linux/Image" --memory 256M \
        --share other,tag=other --share root,tag=top --vhost-user blk,socket=disk.sock \
        --append 'console=ttyS0 quiet panic=-1 root=top rootfstype=virtiofs rw init=/init'
    until_true [ -e root/up ]
    expect_eq 'the sum of the disk' "$(cat root/sum)" "$(sha256sum <disk)"
    # busybox's timeout becomes the command, and its child is what waits.
    first=$(of_virtiofsd "$pid" | head -n 1)
    # In a namespace of processes it has a child that does the work.
    # shellcheck disable=SC2046
    kill -KILL "$first" $(children "$first")
    await 'virtiofsd of --share other has closed its socket: the device does not work until the guest is rebooted' "$err"
    : >root/go
    await 'alive on top'
    kill -KILL "$pid"
    hang_up
    pid=
    until_true no_virtiofsd
    ends $storage
}
t "a disk of qemu-storage-daemon's; a virtiofsd that is killed costs its share, not the VM; without vhart all end" killed

# serve_disk: at disk.sock, by $storage
serve_disk() {
    qemu-storage-daemon --blockdev "driver=file,node-name=disk,filename=$T/disk" \
        --export "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=$T/disk.sock,writable=on,num-queues=2" \
        >/dev/null 2>&1 &
    storage=$!
}

kill_disk() {
    kill -KILL "$storage"
    wait "$storage" 2>/dev/null || true
}

# Killed while nothing is under way, and started again under what is asked meanwhile; over a pause and over a reboot, whose
# guest finds what it wrote. At last killed with writes under way, which nobody has noted: that costs the disk until the next
# reboot.
disk_comes_back() {
    limit=200
    head -c 67108864 /dev/zero >disk
    cat >run.sh <<'RUN'
note() { dd if=/dev/vda bs=1M skip=32 count=1 2>/dev/null | head -n "$1" | tail -n 1 | tr -d "\000"; }
sum() { dd if=/dev/vda bs=1M count=16 2>/dev/null | sha256sum; }
remember() {
    { echo "$1"; sum; } >/note
    dd if=/note of=/dev/vda bs=1M seek=32 conv=fsync 2>/dev/null
}
life=$(note 1)
[ -z "$life" ] || [ "$(sum)" = "$(note 2)" ] || exit 5
[ "$life" != third ] || exit 9
if [ "$life" = second ]; then
    remember third
    echo 'in the second'
    read -r what
    dd if=/dev/zero of=/dev/vda bs=1M seek=40 count=8 conv=fsync 2>/dev/null &
    until awk '{ exit $1 + $2 == 0 }' /sys/block/vda/inflight; do usleep 10000; done
    echo asked
    read -r what
fi
for round in $(seq 4); do
    dd if=/dev/urandom of=/random bs=1M count=16 2>/dev/null
    echo "at rest $round"
    read -r what
    for part in 0 4 8 12; do
        dd if=/random of=/dev/vda bs=1M skip=$part seek=$part count=4 conv=fsync 2>/dev/null || echo "no part $part" &
    done
    wait
    echo 3 >/proc/sys/vm/drop_caches
    [ "$(sum)" = "$(sha256sum </random)" ] || exit 3
done
remember second
echo written
read -r what
reboot -f
RUN
    serve_disk
    until_true [ -e disk.sock ]
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M --cpus 2 \
        --vhost-user blk,socket=disk.sock --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --control socket
    for round in 1 2 3 4; do
        await "at rest $round"
        kill_disk
        until_true has_lines $round 'disk.sock has closed its socket: it is awaited' "$err"
        say_to 'go
'
        # A pause meanwhile is none of its business.
        [ $round != 2 ] || { vhart ctl ./socket pause && vhart ctl ./socket resume; } || die 'no pause'
        serve_disk
        until_true has_lines $round 'disk.sock is back' "$err"
    done
    await written
    kill_disk
    until_true has_lines 5 'it is awaited' "$err"
    say_to 'go
'
    await 'disk.sock is not there: it is awaited' "$err"
    serve_disk
    await 'in the second'
    until_true has_lines 5 'disk.sock is back' "$err"
    kill -STOP "$storage"
    say_to 'go
'
    await asked
    kill_disk
    await 'disk.sock has ended, and which requests were under way it has not noted: the device does not work' "$err"
    serve_disk
    vhart ctl ./socket reset || die 'no reset'
    hang_up
    ends $storage
    expect_status 9
    expect_no_out 'no part'
    expect_no_err 'guest error'
    expect_eq 'the sum on the host' "$(head -c 16777216 disk | sha256sum)" "$(tail -c +33554433 disk | head -n 2 | tail -n 1)"
}
t "a qemu-storage-daemon that is killed and started again, under a guest at rest and under one that writes" disk_comes_back

# Another size is another disk.
another_disk_comes_back() {
    head -c 1048576 /dev/zero >disk
    printf 'echo up\nread -r what\necho "still here"\n' >run.sh
    serve_disk
    until_true [ -e disk.sock ]
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --vhost-user blk,socket=disk.sock --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh
    await '^up'
    kill_disk
    head -c 2097152 /dev/zero >disk
    serve_disk
    await 'disk.sock has come back with another configuration: the device does not work until the guest is rebooted' "$err"
    say_to 'go
'
    await 'still here'
    hang_up
    ends $storage
    expect_status 0
}
t_any "another disk is not taken for the one that went" another_disk_comes_back

start() { run vhart run --kernel /guests/hello.elf --memory 16M "$@"; }

bad_input() {
    start --share nowhere
    expect_status 125
    expect_err '^vhart: --share nowhere: No such file or directory$'
    : >file
    start --share file
    expect_err '^vhart: --share file: this is not a folder$'
    start --share . --share /tmp,tag=share0
    expect_err 'two file systems have one tag'
    start --vhost-user fs,socket=nobody
    expect_err '^vhart: --vhost-user fs,socket=nobody: No such file or directory: nobody listens there: start the back-end first$'
    expect_one_line
    start --vhost-user "blk,socket=$T/$(head -c 120 /dev/zero | tr '\0' x)"
    expect_err ': File name too long$'
    mount -t tmpfs tmpfs /usr/libexec
    start --share .
    umount /usr/libexec
    expect_status 125
    expect_err '^vhart: --share \.: there is no virtiofsd on this host.* install the package virtiofsd$'
    expect_one_line
}
t "a share that is not there, no virtiofsd, a socket without anybody: a line each" bad_input
