# shellcheck shell=dash disable=SC2016
# vhart run ... -- CMD: a command in the guest between our own input, output and error, with its status. Each test is a boot or
# two, so that each does what it can.
# lab: hosts=any

boot="vhart run --kernel /guests/$linux/Image --initrd /guests/$linux/initrd-small --memory 256M"

# in_guest OPTIONS -- CMD ARGS...: with the input of this
in_guest() {
    # shellcheck disable=SC2086
    set -- $boot "$@"
    last=$*
    timeout "$limit" "$@" >"$out" 2>"$err"
    status=$?
}

# Words of any kind, the streams apart, a status, and nothing of vhart's or the kernel's.
one_boot() {
    in_guest -- sh -c 'for word; do printf "<%s>" "$word"; done; echo to err >&2; pwd; id -u; exit 42' \
        sh 'two words' '' 'a
line' "it's" '$HOME*' '--rng' </dev/null
    expect_status 42
    expect_eq "its output" "$(cat "$out")" "<two words><><a
line><it's><\$HOME*><--rng>/
0"
    expect_eq "its standard error" "$(cat "$err")" "to err"
}
t "a command in the guest has its words, its streams apart, and gives its status" one_boot

# In and out at once; at the end of the input cat sees the end of a file. More of it, by hand: CAT_MIB=2048, with LIMIT= seconds. None is kept anywhere.
cat_mib=${CAT_MIB:-16}
limit=${LIMIT:-$limit}
bytes_in_and_out() {
    mkfifo aside
    sha256sum <aside >sum &
    sums=$!
    head -c $((cat_mib * 1048576)) /dev/urandom | tee aside | {
        $boot --cpus 2 -- cat 2>"$err"
        echo $? >status
    } | sha256sum >back
    wait $sums
    expect_eq "the status" "$(cat status)" 0
    expect_eq "the hash" "$(cat back)" "$(cat sum)"
    expect_eq "its standard error" "$(cat "$err")" ""
}
t "$cat_mib MiB of random bytes pass through cat in a guest with two CPUs" bytes_in_and_out

not_there() {
    in_guest -- nosuch </dev/null
    expect_status 127
    expect_eq "its standard error" "$(cat "$err")" "vhart: nosuch was not found in the guest"
    in_guest -- /etc/passwd </dev/null
    expect_status 126
    expect_err '^vhart: /etc/passwd cannot be run in the guest: Permission denied$'
}
t "a command that is not in the guest, or cannot be run" not_there

# Who reads no more ends the writer by SIGPIPE, as anywhere.
head_has_enough() {
    {
        $boot -- sh -c 'yes 1234567; echo "yes: $?" >&2; kill -SEGV $$' </dev/null 2>"$err"
        echo $? >status
    } | head -c 10 >"$out"
    expect_eq "what head took" "$(cat "$out")" "1234567
12"
    expect_err '^yes: 141$'
    expect_err '^vhart: sh was ended by signal 11 \(SIGSEGV\)$'
    expect_eq "the status" "$(cat status)" 139
}
t "an output that nobody reads any more ends the writer in the guest; a death by signal" head_has_enough

# A reader that comes late holds the guest, and gets everything.
late_reader() {
    mkfifo pipe
    $boot --transport mmio -- sh -c 'echo begun >&2; dd if=/dev/zero bs=64k count=160 2>/dev/null; exit 255' </dev/null >pipe 2>"$err" &
    pid=$!
    exec 4<pipe
    await '^begun$' "$err"
    expect_eq "how many came" "$(wc -c <&4)" 10485760
    exec 4<&-
    wait "$pid"
    expect_eq "the status" $? 255
}
t "a reader that comes late gets all of it, by virtio-mmio" late_reader

ctrl_c() {
    # shellcheck disable=SC2086
    talk $boot -- sh -c 'trap "echo caught; exit 9" INT; echo ready; sleep 1000 & wait'
    await '^ready$'
    kill -INT "$pid"
    await '^caught$'
    hang_up
    expect_status 9
}
t "SIGINT goes to the command in the guest" ctrl_c

other_ends() {
    in_guest -- sh -c 'echo c >/proc/sysrq-trigger; sleep 100' </dev/null
    expect_status 4
    expect_err '^vhart: console: .*Kernel panic - not syncing: sysrq triggered crash'
    expect_err '^vhart: the machine ended before sh did$'
    in_guest -- poweroff -f </dev/null
    expect_status 123
    expect_err '^vhart: the machine ended before poweroff did$'
    # shellcheck disable=SC2086
    $boot -- echo lost </dev/null >/dev/full 2>"$err"
    expect_eq "the status of a full disk" $? 125
    expect_err '^vhart: standard output: No space left on device: the output of echo is not complete$'
    in_guest --append rdinit=/init -- true </dev/null
    expect_status 125
    expect_one_line
}
t "an end of the guest before its command's, and an output that is lost, are not taken for its end" other_ends
