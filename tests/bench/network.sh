# shellcheck shell=dash disable=SC2154
# The part network of tests/bench/run, whose variables and functions it uses: TCP between a Linux guest and the host by each
# way in which vhart has a card's packets moved.
#
#   tap      a tap interface; vhart's process reads and writes it
#   vhost    the same; the host's kernel does
#   user     libslirp; "small" is that with mtu=1500
#   passt    passt, where the host has it; "passt-small" is that with mtu=1500
#
# What was expected before the first measurement, in ms for 32 MiB out of the guest and into it, and us for a byte there and
# back (all of it on one CPU: guest, VMM, host's kernel and the program at the other end):
#
#            out    in   trip   packets
#   floor     30    30     25       512
#   tap       80    90     90      1000   a copy by the guest, one by the tap, one by the reader: 0.3 ns a byte each; and 50 us
#                                         a packet of 64 KiB and its acknowledgement
#   vhost     70    75     75      1000   no process to wake, no system calls
#   small    600   600    130     35000   25 us a packet of 1500 bytes
#   user     150   150    130      1500   the checksums of all bytes in the guest and in libslirp
#   passt    110   130    110      1500
#   kvmtool: tap 105, 120 and 130, for its threads wake each other; vhost as vhart's; user 4000 (its SYN has no MSS, so that
#   the guest sends 536 bytes a packet, each of which is acknowledged), 200 and 180.
#
# It came otherwise. The floor is 40 for a trip. tap and vhost take 60 ms out and 125 and 113 in, as kvmtool's do: the host's
# copy into the guest takes 3.5 times that of the sender's own bytes (likely for words of source and destination that do not
# meet). Only kvmtool's vhost takes 420 out, for it offers no segmentation then.
# A trip was 123 us by tap and 107 by vhost, where kvmtool's are 112 and 93. Not for the BPF programs at its three exits, which
# are 1 % of it and take no longer interpreted than compiled. Perf events of which the guest's driver had asked at its start
# whether they exist stayed open, and the host goes through a thread's events at each switch to it. They are closed now: 120
# and 96. A kick's eventfd is not read and not polled anew either, and 106 to 108 by tap is what is left. To send in the vCPU's
# thread, at the doorbell, was tried on top: a trip takes 1 us more, and 32 MiB out 70 ms if large packets go so too.
# libslirp acknowledges each packet that goes out, 23000 of 1500 bytes:
# 1200 ms, and 390 for those of 65520; in, 380 and 250. passt, with packets of 1500: 290, 260 and 330, for it acknowledges each
# byte before it has the answer. kvmtool's user network takes segments of many packets, so 370, 290 and 170, and dies at its
# end or before: its largest packet is one byte more than its buffer.

network_bytes=33554432
network_trips=2000
network_ways='tap vhost user small passt passt-small'

# What run's report shows of it.
network_rows() {
    for way in $network_ways; do
        printf '|%s-out|%s: 32 MiB out, us|%s-out-packets|  packets' "$way" "$way" "$way"
        printf '|%s-in|%s: 32 MiB in, us|%s-in-packets|  packets' "$way" "$way" "$way"
        printf '|%s-trips|%s: a byte and its answer, ns' "$way" "$way"
    done
}

# The interface's address is the host's, and there is a way from it to the world, or passt has nothing to give its guest (to
# which the gateway is the host). The program is ready when its number is there.
network_begin() {
    tunctl -t bench0 >/dev/null
    ip addr add 192.0.2.1/24 dev bench0
    ip link set bench0 up
    ip route add default via 192.0.2.2
    modprobe vhost_net || true
    # passt started by root is nobody.
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    cp "$tools/netload" "$work/in/netload"
    load_server=$("$tools/netload" serve 5001)
}

network_end() {
    kill "$load_server"
    rm "$work/in/netload"
    tunctl -d bench0 >/dev/null
    net=''
}

# WHO's words for a card by WAY; none where it has none.
network_words() {
    case $2-$1 in
        vhart-tap) echo '--net tap=bench0,vhost=off' ;;
        vhart-vhost) [ ! -e /dev/vhost-net ] || echo '--net tap=bench0,vhost=on' ;;
        vhart-user) echo '--net user' ;;
        vhart-small) echo '--net user,mtu=1500' ;;
        vhart-passt) [ -z "$(which passt)" ] || echo '--net passt' ;;
        vhart-passt-small) [ -z "$(which passt)" ] || echo '--net passt,mtu=1500' ;;
        peer-tap) echo "$peer_tap" ;;
        peer-vhost) [ ! -e /dev/vhost-net ] || echo "$peer_vhost" ;;
        peer-user) echo "$peer_user" ;;
    esac | sed 's/{tap}/bench0/g'
}

# The first trips are not measured: what a VMM has still to do when its guest is up (load BPF programs, say: 0.3 s) is over
# then.
network_script() {
    echo '#!/bin/sh'
    case $1 in
        tap | vhost) echo 'ip addr add 192.0.2.2/24 dev eth0; ip link set eth0 up; host=192.0.2.1' ;;
        *)
            echo 'dhcp eth0 >/tmp/dhcp 2>&1 || cat /tmp/dhcp'
            echo "host=\$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p')"
            ;;
    esac
    echo "/netload trips \$host 5001 eth0 $((network_trips * 3)) >/tmp/unmeasured || exit 1"
    network_measures /netload "\$host" eth0
}

# network_measures PROGRAM ADDRESS CARD: what kvmtool's own network dies of is last (see below).
network_measures() {
    echo "$1 out $2 5001 $3 $network_bytes"
    echo "$1 trips $2 5001 $3 $network_trips"
    echo "$1 in $2 5001 $3 $network_bytes"
}

# network_figures WAY WHO: of what netload said on standard input.
network_figures() {
    tr -d '\r' | awk -v way="$1" -v who="$2" '
        $1 == "netload" && NF == 6 {
            print way "-" $2, who, $2 == "trips" ? int($4 / $3) : int($4 / 1000)
            if (who != "floor") print way "-" $2 "-packets", who, $5 + $6
            print "network: " way ", " who ": " $2 ": " $5 " packets sent, " $6 " received" >"/dev/stderr"
        }' >>"$results"
}

network() {
    network_begin
    network_measures "$tools/netload" 127.0.0.1 lo | sh >"$work/loopback"
    for way in $network_ways; do
        for who in ${runners#floor }; do
            net=$(network_words "$way" "$who")
            [ -n "$net" ] || continue
            network_figures "$way" floor <"$work/loopback" 2>/dev/null
            say "network: $way, $who"
            network_script "$way" >"$work/in/run.sh"
            linux_initrd
            # What was measured before a VMM died was measured.
            launch "$who" "$tools/Image" "$work/initrd" "console=ttyS0 quiet" --output "$work/console" || true
            network_figures "$way" "$who" <"$work/console"
        done
    done
    network_end
}
