# shellcheck shell=dash disable=SC2016
# Loads: fio on disks and shares, iperf3 over each kind of network, many small files. What passed is judged, not how fast. More
# of it, by hand: MIB= of each disk, FILES=, NET_MIB= each way, with LIMIT= seconds (12-cmd.sh has CAT_MIB=).
# lab: hosts=any smp=2

boot="vhart run --kernel /guests/$linux/Image --initrd /guests/$linux/initrd-small --memory 256M"
limit=${LIMIT:-300}

# In the guest: this host's programs are below /mnt.
with_programs='
mount -t virtiofs host /mnt || exit 3
for folder in dev proc sys tmp; do mount --rbind /$folder /mnt/$folder; done
program() { chroot /mnt "$@"; }
'

# ---- fio ----

# jobs PATH...: words of fio, a job for each. Which blocks are written with what hangs on these words only, so that another
# process, with other paths, can look for what the first has written.
jobs='jobs() {
    words="--rw=randwrite --bsrange=4k-64k --size=${MIB:-4}M --verify=crc32c --verify_fatal=1 --verify_state_save=0 --disk_util=0 --thread"
    for path; do words="$words --name=$path --filename=$path"; done
    echo "$words"
}'
eval "$jobs"

# All at once: written in the guest and read there, neither from a cache, and then read here. Most of the time is
# fio's start: it is linked with Ceph's libraries.
verified() {
    mkdir share
    truncate -s "${MIB:-4}M" raw user
    qemu-img create -q -f qcow2 image.qcow2 "${MIB:-4}M"
    qemu-storage-daemon --blockdev "driver=file,node-name=disk,filename=$T/user" \
        --export "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=$T/sock,writable=on" &
    storage=$!
    until_true [ -e sock ]
    # shellcheck disable=SC2086
    run $boot --cpus 2 --share /,tag=host,ro --share share,tag=share --disk raw,serial=raw --disk image.qcow2 --vhost-user blk,socket=sock "$@" \
        -- sh -c "MIB=${MIB:-4}
mkdir /tmp/share && mount -t virtiofs share /tmp/share || exit 3
$with_programs
$jobs"'
program fio --ioengine=libaio --iodepth=16 --direct=1 --do_verify=1 $(jobs /tmp/share/file /dev/vda /dev/vdb /dev/vdc)'
    ends $storage
    expect_status 0
    expect_no_err 'guest error|closed its socket|does not'
    qemu-img check -q image.qcow2 || die 'the image is damaged'
    qemu-img convert -O raw image.qcow2 image
    # shellcheck disable=SC2046
    expect_status 0 fio --verify_only $(jobs share/file raw image user)
}
t "fio on a share, a raw disk, a qcow2 image and a disk of qemu-storage-daemon's at once: all is verified, in the guest and here" verified
t "the same over MMIO" verified --transport mmio

# ---- iperf3 ----

# received FILE: how many bytes, as the side that received them says
received() { sed -n '/"sum_received"/,/}/s/.*"bytes":[^0-9]*\([0-9]*\).*/\1/p' "$1"; }

# each_way NET ADDRESS PORT: a connection to there, and bytes into the guest, then out of it.
each_way() {
    net=$1 address=$2 port=$3
    for way in '' --reverse; do
        tests=$((tests + 1))
        await "^Server listening on 5201 \(test #$tests\)"
        # shellcheck disable=SC2086
        timeout "$limit" iperf3 --client "$address" --port "$port" --bytes "${NET_MIB:-16}M" --json $way >"$net$way.json" ||
            die "$net $way: $(grep '"error"' "$net$way.json")"
        ! grep '"error"' "$net$way.json" || die "$net $way"
        bytes=$(received "$net$way.json")
        echo "$net $way: $bytes bytes"
        [ "${bytes:-0}" -gt 0 ] || die "$net $way: no bytes"
    done
}

# One server of the guest's for all, on a card of each kind.
all_networks() {
    { tunctl -t vhart4 >/dev/null && ip addr add 10.9.4.1/24 dev vhart4 && ip link set vhart4 up; } || die "no tap interface here"
    set -- --net user,hostfwd=tcp::5201-:5201 --net tap=vhart4
    [ $passt = no ] || {
        grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
        # The interface with the default route has a network of which the guest becomes a part.
        { tunctl -t vhart5 >/dev/null && ip addr add 192.0.2.1/24 dev vhart5 && ip link set vhart5 up &&
            ip route add default via 192.0.2.2; } || die "no second tap interface here"
        set -- "$@" --net passt,hostfwd=tcp::5202-:5201
    }
    # shellcheck disable=SC2086
    talk $boot --share /,tag=host,ro "$@" -- sh -c "$with_programs"'
ip addr add 10.0.2.15/24 dev eth0
ip addr add 10.9.4.2/24 dev eth1
[ ! -e /sys/class/net/eth2 ] || ip addr add 192.0.2.1/24 dev eth2
for card in /sys/class/net/eth*; do ip link set ${card##*/} up; done
program iperf3 --server --forceflush &
cat'
    tests=0
    each_way user 127.0.0.1 5201
    each_way tap 10.9.4.2 5201
    [ $passt = no ] || each_way passt 127.0.0.1 5202
    hang_up
    tunctl -d vhart4 >/dev/null
    [ $passt = no ] || tunctl -d vhart5 >/dev/null
    expect_status 0
    expect_no_err 'guest error|closed its socket|does not'
}

# passt shuts itself in by pivot_root(2), which older kernels refuse on an initramfs.
case $(uname -r) in
    6.*)
        passt=no
        t "iperf3 each way over --net user and --net tap" all_networks
        skip "iperf3 over passt" "this host runs from an initramfs, on which its kernel has no sandbox for passt"
        ;;
    *)
        passt=yes
        t "iperf3 each way over --net user, --net tap and --net passt" all_networks
        ;;
esac

# ---- small files ----

# tree: what is in the files of a tree, in their order
each_file='
each_file() {
    for folder in $(seq $folders); do
        for file in $(seq 50); do
            "$@"
        done
    done
}
'
eval "$each_file"

text() { echo "object $file of folder $folder" && echo linked; }

# sum_of TREE
sum_of() {
    for folder in $(seq "$folders"); do (cd "$1/$folder" && seq 50 | xargs cat); done | sha256sum
}

# As a build of a kernel has them: written in two goes, their folder renamed, looked at, read and removed, with nothing cached.
small_files() {
    folders=$((${FILES:-400} / 50))
    even=$((folders / 2))
    mkdir work
    # shellcheck disable=SC2086
    talk $boot --share work,tag=work "$@" -- sh -c "folders=$folders
$each_file"'
mount -t virtiofs work /mnt && mkdir /mnt/made && cd /mnt/made || exit 3
for folder in $(seq $folders); do mkdir $folder.new || exit 4; done
begin() { echo "object $file of folder $folder" >$folder.new/$file || exit 5; }
go_on() { echo linked >>$folder.new/$file || exit 6; }
each_file begin
each_file go_on
for folder in $(seq $folders); do mv $folder.new $folder || exit 7; done
echo 3 >/proc/sys/vm/drop_caches
echo "seen: $(find . -type f -exec stat -c %s {} + | awk "{ bytes += \$1 } END { print NR, bytes }")"
read -r copied
cd ../copy
echo "sum: $(for folder in $(seq $folders); do (cd $folder && seq 50 | xargs cat); done | sha256sum)"
cd ..
rm -r made/*[13579] || exit 8
echo "left: $(find made -type f | wc -l)"
read -r looked
rm -r made copy || exit 9
ls'
    await '^seen'
    expect_eq 'the number of files' "$(find work/made -type f | wc -l)" $((folders * 50))
    each_file text >wanted
    wanted=$(sha256sum <wanted)
    expect_eq 'the sum of the files' "$(sum_of work/made)" "$wanted"
    expect_out "^seen: $((folders * 50)) $(wc -c <wanted)$"
    cp -r work/made work/copy
    say_to 'copied
'
    await '^left'
    expect_out "^sum: $wanted"
    expect_out "^left: $((even * 50))$"
    expect_eq 'the number of files that are left' "$(find work/made -type f | wc -l)" $((even * 50))
    say_to 'looked
'
    hang_up
    expect_status 0
    expect_eq 'what is left in the end' "$(ls work)" ''
    expect_no_err 'guest error|closed its socket|does not'
}
t "${FILES:-400} small files on a share are written, looked at, read and removed" small_files
