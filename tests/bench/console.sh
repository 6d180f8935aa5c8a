# shellcheck shell=dash disable=SC2154
# The part console of tests/bench/run, whose variables and functions it uses: lines of 64 bytes from a Linux guest to a file.
#
#   virtio    256 KiB by hvc0: the guest's driver spins until the VMM has taken each piece
#   command   32 MiB by `vhart run ... -- CMD`, a pipe in the guest and a virtio port

# What was expected before the first measurement: 4 s for 256 KiB on one CPU while vhart's loop served the doorbell, 0.6 for
# kvmtool, and 0.2 for vhart with the doorbell served on the vCPU's thread: no thread has to run before the guest goes on, but
# one is woken for each line, to write it. With two CPUs 0.6, 0.5 and 0.2. 32 MiB of a command: 0.3 s on one CPU by the loop
# and 0.25 at the doorbell, for two copies by the guest, one by the doorbell and one into the file.
#
# It was 5.5, 0.79 and 0.25 s on one CPU. But a command's took 0.29 s by the loop, and 0.41 at the doorbell: the driver of its
# port does not wait, so that the loop finds several buffers at once, with one exit and one interrupt for all of them.
console_virtio_bytes=262144
console_command_bytes=33554432

# What run's report shows of it.
console_rows() {
    printf '|console-virtio|virtio console: 256 KiB, us|console-command|output of -- CMD: 32 MiB, us'
}

# console_words WHO WAY; none where it has none.
console_words() {
    case $1-$2 in
        vhart-virtio) echo '--console virtio' ;;
        vhart-command) echo "-- /lines $console_command_bytes" ;;
        peer-virtio) echo "$peer_virtio" ;;
    esac
}

# What a VMM has still to do when its guest is up is over after a second, as in the part disk.
console() {
    cp "$tools/lines" "$work/in/lines"
    printf '#!/bin/sh\nsleep 1\n/lines %s\n' "$console_virtio_bytes" >"$work/in/run.sh"
    linux_initrd
    for way in virtio command; do
        for who in ${runners#floor }; do
            net=$(console_words "$who" "$way")
            [ -n "$net" ] || continue
            say "console: $way, $who"
            launch "$who" "$tools/Image" "$work/initrd" "console=hvc0 quiet" --output "$work/console" || true
            cat "$work/console" "$work/errors" | tr -d '\r' |
                awk -v way="$way" -v who="$who" '$1 == "lines" && NF == 3 { print "console-" way, who, int($3 / 1000) }' >>"$results"
        done
    done
    rm "$work/in/lines"
    net=''
}
