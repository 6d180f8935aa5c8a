# shellcheck shell=dash
# Disks, network, entropy and consoles as Linux sees them: over PCI and MMIO, with KVM's AIA and with the PLIC of this process.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12
# lab: hosts=any aia=none

mib=1048576
zeroout=$(dirname "$(command -v vhart)")/tests/scenarios/zeroout

# The guest reports one fact a line; what each has to be is below.
script='
echo "harts $(nproc)"
echo "interrupts $(grep -oE "PCI-MSIX?|APLIC-?[A-Z]*|PLIC" /proc/interrupts | sort -u | tr "\n" " ")"
echo "buses $(ls -l /sys/bus/virtio/devices | grep -oE "pci|virtio-mmio|virtio_mmio" | sort -u | tr "\n" " ")"
cd /sys/block
echo "sectors $(cat vda/size) $(cat vdb/size)"
echo "serial $(cat vda/serial) ro $(cat vda/ro) $(cat vdb/ro)"
echo "queues $(ls vda/mq | wc -l)"
echo "cache $(cat vda/queue/write_cache)"
[ "$(cat vda/queue/discard_max_bytes)" -gt 0 ] && [ "$(cat vda/queue/write_zeroes_max_bytes)" -gt 0 ] && echo "discard and write-zeroes offered"
echo "first $(md5sum </dev/vda | cut -c1-32) second $(md5sum </dev/vdb | cut -c1-32)"
dd if=/dev/vda of=/dev/null bs=64k iflag=direct 2>/dev/null && echo "direct reads"
echo "written by the guest" | dd of=/dev/vda bs=512 seek=8 conv=sync,fsync 2>/dev/null && echo "flushed"
blkdiscard -o 1048576 -l 1048576 /dev/vda && echo "discarded"
/zeroout /dev/vda 2162688 65536 && /zeroout /dev/vda 2293760 65536 unmap && echo "zeroed"
echo 3 >/proc/sys/vm/drop_caches
echo "after discard $(dd if=/dev/vda bs=64k skip=16 count=16 2>/dev/null | tr -d "\000" | wc -c)"
echo "after write-zeroes $(for i in 32 33 34 35 36; do dd if=/dev/vda bs=64k skip=$i count=1 2>/dev/null | tr -d "\000" | wc -c; done | tr "\n" " ")"
dd if=/dev/zero of=/dev/vdb bs=512 count=1 2>/dev/null || echo "read-only holds"
echo "entropy by $(cat /sys/class/misc/hw_random/rng_current): $(head -c 32 /dev/hwrng | wc -c)"
dhcp >/tmp/dhcp 2>&1 || cat /tmp/dhcp
echo "address $(ip -o -4 addr show | grep -o "10\.0\.2\.[0-9]*/24")"
head -c 300000 /dev/urandom >/tmp/up
# nc leaves when the other side has sent its last byte: each side keeps its own open until it has all.
: >/tmp/down
{ cat /tmp/up; n=0; while [ "$(wc -c </tmp/down)" -lt 500000 ] && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done; } | nc 10.0.2.2 5001 >/tmp/down
echo "sent $(md5sum </tmp/up | cut -c1-32) got $(md5sum </tmp/down | cut -c1-32)"
'

# The guest has connected and sent all, or the VM is gone.
all_is_sent() { [ "$(wc -c <up)" -ge 300000 ] || [ -e ended ]; }

# all_devices OPTIONS: boots with everything; the files stay for the tests after it.
all_devices() {
    cd "$shared" || exit 1
    T=$shared
    head -c $((4 * mib)) /dev/urandom >first
    head -c $((2 * mib)) /dev/urandom >second
    head -c 500000 /dev/urandom >down
    md5sum <first | cut -c1-32 >first.sum
    out=$shared/out err=$shared/err
    rm -f ended
    : >up
    # shellcheck disable=SC2094 # that UP grows is what the loop waits for
    {
        cat down
        until_true all_is_sent >&2
    } | timeout "$limit" nc -l -p 5001 >up &
    listener=$!
    guest "$script" --cpus 4 --disk "$shared/first,serial=vhart-one" --disk "$shared/second,ro,direct" --net user --rng \
        --inject "$zeroout:/zeroout" --result "$shared/result" "$@"
    : >ended
    kill "$listener" 2>/dev/null
    expect_status 0
    expect_no_err .
}

saw() {
    out=$shared/out err=$shared/err last="the guest with all devices"
    expect_out "$1"
}

read_right() { saw "^first $(cat "$shared/first.sum") second $(md5sum <"$shared/second" | cut -c1-32)"; }

host_sees_writes() {
    expect_eq "what the guest wrote" "$(dd if="$shared/first" bs=512 skip=8 count=1 2>/dev/null | head -n 1)" "written by the guest"
}

host_sees_discard() {
    saw '^discarded'
    saw '^after discard 0'
    expect_eq "bytes other than zero" "$(dd if="$shared/first" bs=64k skip=16 count=16 2>/dev/null | tr -d '\000' | wc -c)" 0
    [ "$(stat -c %b "$shared/first")" -lt 8192 ] || die "the file's blocks were not given back"
}

# Five pieces: the second and the fourth were zeroed, and nothing beside them was.
write_zeroes_zero() {
    saw '^zeroed'
    saw '^after write-zeroes 6[0-9]{4} 0 6[0-9]{4} 0 6[0-9]{4} '
    for piece in 33 35; do
        expect_eq "bytes other than zero" "$(dd if="$shared/first" bs=64k skip=$piece count=1 2>/dev/null | tr -d '\000' | wc -c)" 0
    done
}

read_only_held() {
    saw '^read-only holds'
    saw '^serial vhart-one ro 0 1'
}

connected() {
    saw "^sent $(md5sum <"$shared/up" | cut -c1-32) got $(md5sum <"$shared/down" | cut -c1-32)"
    expect_eq "bytes that came up" "$(stat -c %s "$shared/up")" 300000
}

# set_of LABEL BUS INTERRUPTS OPTIONS
set_of() {
    label=$1 bus=$2 interrupts=$3
    shift 3
    shared=$(mktemp -d /tmp/shared.XXXXXX)
    $t "$label: 4 vCPUs, two disks, network, entropy" all_devices "$@"
    $t "$label: 4 harts come up" saw '^harts 4'
    $t "$label: the devices are on that bus" saw "^buses $bus"
    $t "$label: interrupts come that way" saw "^interrupts .*$interrupts"
    $t "$label: capacity" saw '^sectors 8192 4096'
    $t "$label: contents" read_right
    $t "$label: direct reads" saw '^direct reads'
    $t "$label: a queue for each vCPU" saw '^queues 4'
    $t "$label: write-back cache and flush" saw '^cache write back'
    $t "$label: the flush succeeds" saw '^flushed'
    $t "$label: writes reach the file" host_sees_writes
    $t "$label: discard and write-zeroes are there" saw '^discard and write-zeroes offered'
    $t "$label: discard" host_sees_discard
    $t "$label: write-zeroes, with blocks kept and given back" write_zeroes_zero
    $t "$label: serial number, read-only disk" read_only_held
    $t "$label: entropy" saw '^entropy by virtio_rng.0: 32'
    $t "$label: DHCP" saw '^address 10\.0\.2\.[0-9]+/24'
    $t "$label: a TCP connection carries data both ways" connected
    rm -rf "$shared"
}

has_aia() { dmesg | grep -q 'kvm .*AIA available'; }

# Linux's init reaches this console only once the module is there; it reopens /dev/console then.
virtio_console() {
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 128M \
        --append quiet --console virtio "$@"
    await 'guest:'
    say_to 'echo on $(cat /sys/class/tty/console/active) $((40+2)); ls /sys/class/tty | grep ttyS0; exit
'
    hang_up
    expect_status 0
    expect_out 'on hvc[0-9]+ 42'
}

vanishing_disk() {
    head -c $((4 * mib)) /dev/urandom >disk
    printf '%s\n' 'echo waiting; read -r go; dd if=/dev/vda of=/dev/null bs=64k 2>/dev/null; echo "read: $?"; echo still here' >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 128M --append quiet \
        --inject run.sh:/run.sh --disk disk
    await '^waiting'
    : >disk
    rm disk
    say_to 'go
'
    await 'still here'
    hang_up
    expect_status 0
}

tap_network() {
    { tunctl -t vhart9 >/dev/null && ip addr add 10.9.9.1/24 dev vhart9 && ip link set vhart9 up; } || die "no tap interface here"
    guest 'dev=$(ls /sys/class/net | grep -v lo); ip addr add 10.9.9.2/24 dev $dev; ip link set $dev up
           ping -c 3 -W 5 10.9.9.1 && echo "reached the host"' --net tap=vhart9
    ip link show vhart9 >/dev/null 2>&1 || die "the interface went away"
    tunctl -d vhart9 >/dev/null
    expect_status 0
    expect_out '^reached the host'
}

t=t
if has_aia; then
    set_of "PCI" pci PCI-MSI --transport pci
    set_of "MMIO" virtio.mmio APLIC --transport mmio
    t=t_any
    set_of "PCI, --aia off" pci PLIC --aia off
    t_any "a console over virtio" virtio_console
    t "a network over a tap interface" tap_network
    if ! seen_elsewhere; then
        as_script "nothing that was not asked for" '[ -z "$(ls /sys/bus/virtio/devices)" ]' '--net none'
        guests_pass
    fi
    t_any "a disk that shrinks and vanishes" vanishing_disk
else
    set_of "PCI, PLIC" pci PLIC --transport pci
    set_of "MMIO, PLIC" virtio.mmio PLIC --transport mmio
fi
