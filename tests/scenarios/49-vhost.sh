# shellcheck shell=dash
# Devices whose work the host's kernel does (vhost-vsock, vhost-net), and passt's network.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

tools=$(dirname "$(command -v vhart)")/tests/scenarios

start() { run vhart run --kernel /guests/hello.elf --memory 16M "$@"; }

# Before the modules are there.
what_the_kernel_does_not_have() {
    { tunctl -t vhart9 >/dev/null && ip link set vhart9 up; } || die "no tap interface here"
    start --vsock 3
    expect_status 125
    expect_err '^vhart: --vsock 3: /dev/vhost-vsock: No such file or directory: load the module \(sudo modprobe vhost_vsock\), or leave --vsock out$'
    expect_one_line
    start --net tap=vhart9,vhost=on
    expect_status 125
    expect_err '^vhart: net0: vhost=on: /dev/vhost-net: No such file or directory: load the module '
    expect_one_line
    start --net tap=vhart9 --verbose
    expect_status 0
    expect_err '^vhart: net0: this process moves the packets of vhart9$'
    tunctl -d vhart9 >/dev/null
    run vhart probe --json
    for id in io.vhost_net io.vhost_vsock; do
        grep -A 3 "\"id\":\"$id\"" "$out" | grep -q '"state":"missing"' || die "$id is not missing"
    done
}
t "without the modules: a line each, and packets go through vhart" what_the_kernel_does_not_have

modprobe vhost_vsock
modprobe vhost_net

# ---- sockets ----

# Both lives: the host's service is asked, and the guest serves.
sockets_script='
modprobe vmw_vsock_virtio_transport || exit 3
head -c 3000000 /dev/urandom >/tmp/sent
/vsock ask 2 1025 </tmp/sent >/tmp/back
cmp /tmp/sent /tmp/back && echo "the host answered"
/vsock answer 1024 &
echo served
read -r what
[ "$what" = again ] && reboot -f
exit 0
'

guest_answers() {
    timeout 60 "$tools/vsock" ask 7 1024 <data >back
    expect_eq 'what came back from the guest' "$(md5sum <back)" "$(md5sum <data)"
}

sockets() {
    "$tools/vsock" answer 1025 &
    service=$!
    head -c 2000000 /dev/urandom >data
    printf '%s\n' "$sockets_script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --inject "$tools/vsock:/vsock" \
        --vsock 7 --control socket "$@"
    await '^served'
    guest_answers
    # Another VM cannot have that number.
    vhart run --kernel /guests/hello.elf --memory 16M --vsock 7 >/dev/null 2>other
    grep -q '^vhart: --vsock 7: another VM of this host has this CID: take another one$' other || die "the CID was given twice"
    # While it is paused nobody answers; what was sent is answered then.
    vhart ctl ./socket pause
    "$tools/vsock" ask 7 1024 <data >back &
    asks=$!
    sleep 1
    [ ! -s back ] || die "a paused guest answered"
    vhart ctl ./socket resume
    wait $asks
    expect_eq 'what came back after the pause' "$(md5sum <back)" "$(md5sum <data)"
    say_to 'again
'
    until_true has_lines 2 '^served'
    guest_answers
    say_to 'end
'
    hang_up
    ends $service
    expect_status 0
    expect_no_err 'guest error|warning'
    has_lines 2 '^the host answered' || die "not in both lives"
}
t "sockets both ways, over a pause and a reboot; a CID is one VM's" sockets
t_any "the same with wired interrupts" sockets --transport mmio

# ---- vhost-net ----

# It fetches for ever, and says each sum; what is typed ends it.
fetch_script='
ip addr add 10.9.6.2/24 dev eth0
ip link set eth0 up
(while :; do wget -q -O /tmp/down http://10.9.6.1:8080/down && echo "sum $(md5sum </tmp/down | cut -c1-32)"; done) &
read -r what
[ "$what" = again ] && reboot -f
before=$(cat /sys/class/net/eth0/statistics/rx_packets)
wget -q -O /tmp/another http://10.9.6.1:8080/down
echo "rx $(($(cat /sys/class/net/eth0/statistics/rx_packets) - before))"
exit 0
'

from_guest() { cat /sys/class/net/vhart6/statistics/rx_packets; }

packets_by_the_kernel() {
    { tunctl -t vhart6 >/dev/null && ip addr add 10.9.6.1/24 dev vhart6 && ip link set vhart6 up; } || die "no tap interface here"
    head -c 8000000 /dev/urandom >down
    httpd -f -p 10.9.6.1:8080 -h . &
    web=$!
    printf '%s\n' "$fetch_script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --net tap=vhart6 --control socket --verbose "$@"
    sum="sum $(md5sum <down | cut -c1-32)"
    until_true has_lines 2 "^$sum"
    expect_err "^vhart: net0: the host's kernel \(vhost-net\) moves the packets of vhart6$"
    vhart ctl ./socket pause
    before=$(from_guest)
    sleep 1
    expect_eq 'packets from a paused guest' "$(from_guest)" "$before"
    seen=$(grep -ca "^$sum" "$out")
    vhart ctl ./socket resume
    until_true has_lines $((seen + 2)) "^$sum"
    say_to 'again
'
    seen=$(grep -ca "^$sum" "$out")
    until_true has_lines $((seen + 2)) "^$sum"
    say_to 'end
'
    hang_up
    ends $web
    tunctl -d vhart6 >/dev/null
    expect_status 0
    expect_no_err 'guest error|warning'
    # Two fetches may be counted; in packets of 1500 bytes one alone would be 5500.
    count=$(tr -d '\r' <"$out" | sed -n 's/^rx //p')
    [ "${count:-99999}" -lt 5000 ] || die "$count packets for 8 MB"
    ! grep -aE '^sum [0-9a-f]{32}' "$out" | grep -qv "^$sum" || die "a wrong sum"
}
t "vhost-net: large packets, a pause and a reboot" packets_by_the_kernel
t_any "vhost-net with wired interrupts" packets_by_the_kernel --transport mmio

# ---- several pairs of queues ----

# Four fetch for ever, over as many pairs as there are now.
queues_script='
ip addr add 10.9.4.2/24 dev eth0
ip link set eth0 up
for i in 1 2 3 4; do
    (while :; do wget -q -O /tmp/down$i http://10.9.4.1:8080/down && echo "sum $(md5sum </tmp/down$i | cut -c1-32)"; done) &
done
echo # what the last life had begun when it was reset
echo "has $(/queues get eth0)"
for n in 1 4 2 3 1 4; do
    /queues set eth0 $n
    sleep 1
    echo "now $(/queues get eth0)"
done
echo served
read -r what
[ "$what" = again ] && reboot -f
exit 0
'

goes_on() {
    seen=$(grep -ca "^$sum" "$out")
    until_true has_lines $((seen + 8)) "^$sum"
}

# several_queues WHO OPTIONS...
several_queues() {
    who=$1
    shift
    { "$tools/queues" make vhart4 && ip addr add 10.9.4.1/24 dev vhart4 && ip link set vhart4 up; } || die "no tap interface here"
    head -c 1000000 /dev/urandom >down
    httpd -f -p 10.9.4.1:8080 -h . &
    web=$!
    printf '%s\n' "$queues_script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M --cpus 4 \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --inject "$tools/queues:/queues" \
        --control socket --verbose "$@"
    sum="sum $(md5sum <down | cut -c1-32)"
    await '^served'
    goes_on
    expect_err "^vhart: net0: $who moves the packets of vhart4, by 4 pairs of queues$"
    # Nobody else has a part of what comes.
    vhart run --kernel /guests/hello.elf --memory 16M --net tap=vhart4 >/dev/null 2>other
    grep -q '^vhart: tap interface vhart4: another process uses it$' other || die "the interface was given twice"
    vhart ctl ./socket pause
    sleep 1
    vhart ctl ./socket resume
    goes_on
    say_to 'again
'
    until_true has_lines 2 '^served'
    goes_on
    say_to 'end
'
    hang_up
    ends $web
    "$tools/queues" delete vhart4
    expect_status 0
    expect_no_err 'guest error|warning'
    for what in 'has 4 of 4' 'now 1 of 4' 'now 2 of 4' 'now 3 of 4' 'now 4 of 4'; do
        has_lines 2 "^$what" || die "not in both lives: $what"
    done
    ! grep -aE '^sum [0-9a-f]{32}' "$out" | grep -qv "^$sum" || die "a wrong sum"
}
t_any "vhost-net with several pairs of queues, which the guest changes; a pause and a reboot" several_queues "the host's kernel \(vhost-net\)" --net tap=vhart4,vhost=on
t_any "the same by vhart" several_queues 'this process' --net tap=vhart4,vhost=off

queues_that_cannot_be_had() {
    { tunctl -t vhart3 >/dev/null && ip link set vhart3 up; } || die "no tap interface here"
    start --net tap=vhart3,queues=4
    expect_status 125
    expect_err '^vhart: tap interface vhart3: has one queue, and not queues=4: make one that can have them with: sudo ip tuntap add '
    expect_one_line
    start --net tap=vhart3 --cpus 2 --verbose
    expect_status 0
    expect_err '^vhart: tap interface vhart3: has one queue: .* multi_queue '
    tunctl -d vhart3 >/dev/null
}
t_any "an interface with one queue: a line where more were asked for" queues_that_cannot_be_had

# ---- passt ----

no_passt_left() { [ -z "$(pidof passt)" ]; }

# The host's only interface has a network of its own, of which the guest becomes a part.
passt_carries() {
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    { tunctl -t vhart5 >/dev/null && ip addr add 192.0.2.1/24 dev vhart5 && ip link set vhart5 up &&
        ip route add default via 192.0.2.2; } || die "no tap interface here"
    head -c 3000000 /dev/urandom >down
    head -c 2000000 /dev/urandom >up
    httpd -f -p 127.0.0.1:8080 -h . &
    web=$!
    cat >run.sh <<'RUN'
dhcp eth0 >/tmp/dhcp 2>&1 || cat /tmp/dhcp
ip -o -4 addr show eth0 | grep -oE 'inet [0-9.]+'
wget -q -O - http://192.0.2.2:8080/down | md5sum
nc -ll -p 22 -e md5sum &
until netstat -ltn | grep -q ":22 "; do usleep 10000; done
echo served
read -r what
[ "$what" = again ] && reboot -f
exit 0
RUN
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --net passt,hostfwd=tcp::2222-:22
    await '^served'
    timeout 60 nc 127.0.0.1 2222 <up >sum
    expect_eq 'the sum of what came into the guest' "$(cut -c1-32 <sum)" "$(md5sum <up | cut -c1-32)"
    say_to 'again
'
    until_true has_lines 2 '^served'
    timeout 60 nc 127.0.0.1 2222 <up >sum
    expect_eq 'the sum of what came into the second life' "$(cut -c1-32 <sum)" "$(md5sum <up | cut -c1-32)"
    say_to 'end
'
    hang_up
    ends $web
    tunctl -d vhart5 >/dev/null
    expect_status 0
    expect_out '^inet 192\.0\.2\.1'
    has_lines 2 "^$(md5sum <down | cut -c1-32)" || die "not fetched in both lives"
    pid=
    until_true no_passt_left
}


no_passt() {
    mv /usr/bin/passt passt
    start --net passt
    mv passt /usr/bin/passt
    expect_status 125
    expect_err '^vhart: --net passt: there is no passt on this host, which serves the card: install the package passt, or take --net user$'
    expect_one_line
}

a_port_that_passt_cannot_have() {
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    nc -l -p 2222 >/dev/null &
    listener=$!
    until_true listens 2222
    start --net passt,hostfwd=tcp::2222-:22
    ends $listener
    expect_status 125
    expect_err '^vhart: --net passt: passt has closed its socket: .*2222'
    expect_one_line
}

# passt shuts itself in by pivot_root(2), which older kernels refuse on an initramfs.
case $(uname -r) in
    6.*) skip "passt" "this host runs from an initramfs, on which its kernel has no sandbox for passt" ;;
    *)
        t "passt: a DHCP lease, a page of the host, a port that leads in; and again after a reboot" passt_carries
        t "no passt: a line" no_passt
        t "passt: a port in use" a_port_that_passt_cannot_have
        ;;
esac

# These alone: modprobe -r would take along what they need, tun for instance, which others need too.
rmmod vhost_net
rmmod vhost_vsock
