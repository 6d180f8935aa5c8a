# shellcheck shell=dash
# Network cards: several at once, ports of the host that lead into the guest, IPv6, and what is refused.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

datagram=$(dirname "$(command -v vhart)")/tests/scenarios/datagram

# Both lives do this, and then what is typed.
script='
dhcp eth0 >/tmp/dhcp 2>&1 || cat /tmp/dhcp
dhcp eth2 >/tmp/dhcp 2>&1 || cat /tmp/dhcp
ip addr add 10.9.8.2/24 dev eth1
ip link set eth1 up
for card in eth0 eth1 eth2; do
    echo "$card $(cat /sys/class/net/$card/address) mtu $(cat /sys/class/net/$card/mtu) $(ip -o -4 addr show $card | grep -oE "inet [0-9.]+")"
done
ping -c 3 -W 5 10.9.8.1 >/dev/null && echo "the host answers on its tap"
printf "#!/bin/sh\nmd5sum\ncat /down\n" >/serve
chmod 755 /serve
nc -ll -p 22 -e /serve &
/datagram answer 10.0.2.15 5353 &
until [ "$(netstat -ltun | grep -cE ":(22|5353) ")" = 2 ]; do usleep 10000; done
echo "dns: $(/datagram ask 10.0.2.3 53 name)"
n=0
until ip -6 addr show eth0 | grep "inet6 fec0::" | grep -qv tentative || [ $n = 300 ]; do n=$((n + 1)); usleep 100000; done
ip -6 addr show eth0 | grep -o "inet6 fec0::"
echo "by IPv6: $(wget -q -O - "http://[fec0::2]:8080/page")"
echo served
read -r what
[ "$what" = again ] && reboot -f
exit 0
'

has_the_cards() {
    expect_out '^eth0 52:54:00:[0-9a-f:]+ mtu 65520 inet 10\.0\.2\.15'
    expect_out '^eth1 52:54:00:[0-9a-f:]+ mtu 1500 inet 10\.9\.8\.2'
    expect_out '^eth2 52:54:00:aa:bb:cc mtu 9000 inet 10\.0\.3\.15'
    expect_out '^the host answers on its tap'
    expect_out '^dns: answer to name'
    expect_out '^inet6 fec0::'
    expect_out '^by IPv6: the page'
}

# Both ways on one connection, and a datagram with its answer.
forwards_carry() {
    timeout 60 nc 127.0.0.1 2222 <up >got
    expect_eq "the sum of what came into the guest" "$(head -n 1 got | cut -c1-32)" "$(md5sum <up | cut -c1-32)"
    expect_eq "the sum of what came out" "$(tail -n +2 got | md5sum)" "$(md5sum <down)"
    expect_eq "the answer to a datagram" "$("$datagram" ask 127.0.0.1 5353 hello)" "answer to hello"
}

three_cards() {
    { tunctl -t vhart8 >/dev/null && ip addr add 10.9.8.1/24 dev vhart8 && ip link set vhart8 up; } || die "no tap interface here"
    cp /etc/resolv.conf resolv.before 2>/dev/null
    echo 'nameserver 127.0.0.1' >/etc/resolv.conf
    "$datagram" answer 127.0.0.1 53 &
    answers=$!
    echo 'the page' >page
    httpd -f -p '[::1]:8080' -h . &
    web=$!
    head -c 300000 /dev/urandom >up
    head -c 500000 /dev/urandom >down
    printf '%s\n' "$script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --inject down:/down --inject "$datagram:/datagram" \
        --net user,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp::5353-:5353 --net tap=vhart8 --net user,mac=52:54:00:aa:bb:cc,mtu=9000
    await '^served'
    has_the_cards
    forwards_carry
    say_to 'again
'
    until_true has_lines 2 '^served'
    forwards_carry
    say_to 'end
'
    hang_up
    ends $answers $web
    rm -f /etc/resolv.conf
    [ ! -e resolv.before ] || cp resolv.before /etc/resolv.conf
    tunctl -d vhart8 >/dev/null
    expect_status 0
    expect_no_err 'guest error|warning'
    for what in '^eth2 52:54:00:aa:bb:cc mtu 9000' '^dns: answer to name' '^by IPv6: the page'; do
        has_lines 2 "$what" || die "not in the second life: $what"
    done
}
t_any "three cards, ports that lead in by TCP and UDP, IPv6, DNS; and all of it again after a reboot" three_cards

# What the guest fetches and what is fetched from it, in packets of its card: segments are cut elsewhere. Each side is one
# whose program writes its file in large pieces, for small writes are packets of their own.
large_packets() {
    { tunctl -t vhart7 >/dev/null && ip addr add 10.9.7.1/24 dev vhart7 && ip link set vhart7 up; } || die "no tap interface here"
    head -c 8000000 /dev/urandom >down
    httpd -f -p 10.9.7.1:8080 -h . &
    web=$!
    cat >run.sh <<'SCRIPT'
ip addr add 10.9.7.2/24 dev eth0
ip link set eth0 up
packets() { cat "/sys/class/net/eth0/statistics/$1_packets"; }
head -c 8000000 /dev/urandom >/tmp/up
before=$(packets rx)
wget -q -O /tmp/down http://10.9.7.1:8080/down
echo "rx $(($(packets rx) - before))"
echo "sums $(md5sum </tmp/up | cut -c1-32) $(md5sum </tmp/down | cut -c1-32)"
before=$(packets tx)
httpd -p 8080 -h /tmp
echo served
read -r fetched
echo "tx $(($(packets tx) - before))"
exit 0
SCRIPT
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --net tap=vhart7
    await '^served'
    timeout "$limit" wget -q -O up http://10.9.7.2:8080/up
    say_to 'fetched
'
    hang_up
    ends $web
    tunctl -d vhart7 >/dev/null
    expect_status 0
    expect_no_err 'guest error'
    expect_out "^sums $(md5sum <up | cut -c1-32) $(md5sum <down | cut -c1-32)"
    # In packets of 1500 bytes it would be 5500 and more, each way.
    for way in rx tx; do
        count=$(tr -d '\r' <"$out" | sed -n "s/^$way //p")
        [ "${count:-9999}" -lt 4000 ] || die "$way: $count packets for 8 MB"
    done
}
t "a tap interface: large packets both ways" large_packets

start() { run vhart run --kernel /guests/hello.elf --memory 16M "$@"; }

ports_that_cannot_be_had() {
    nc -l -p 2222 >/dev/null &
    listener=$!
    until_true listens 2222
    start --net user,hostfwd=tcp::2222-:22
    expect_status 125
    expect_err '^vhart: net0: hostfwd=tcp:127.0.0.1:2222: the port is in use: '
    expect_one_line
    ends $listener
    start --net user --net user,hostfwd=udp:203.0.113.1:2222-:22
    expect_err '^vhart: net1: hostfwd=udp:203.0.113.1:2222: this host does not have the address'
    expect_one_line
    start --net user,hostfwd=tcp::2222-:22,hostfwd=tcp::2222-:23
    expect_err 'hostfwd=tcp:127.0.0.1:2222: the port is in use'
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    chmod 666 /dev/kvm
    run start-stop-daemon -S -c nobody -a "$(command -v vhart)" -- run --kernel /guests/hello.elf --memory 16M --net user,hostfwd=tcp::80-:80
    chmod 600 /dev/kvm
    expect_err '^vhart: net0: hostfwd=tcp:127.0.0.1:80: only root may have this port: take one from 1024 on'
}
t_any "a port in use, one without the rights, an address of another host: a line each" ports_that_cannot_be_had
