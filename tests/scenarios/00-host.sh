# shellcheck shell=dash
# The host has what vhart stands on.
# lab: hosts=6.12,7.2
# lab: hosts=6.12,7.2 aia=none

has_kvm() {
    [ -c /dev/kvm ] || die "no /dev/kvm"
    run dmesg
    expect_out 'kvm .*hypervisor extension available'
}

has_tracing() {
    [ -d /sys/kernel/tracing/events/kvm/kvm_exit ] || die "no kvm tracepoints"
    [ -e /sys/kernel/btf/kvm ] || die "no BTF of kvm"
}

runs_vhart() {
    run vhart --version
    expect_status 0
}

# What a wait says when it is in vain, and when what it waits for has ended; and that the end itself is waited for.
waits_end() {
    limit=1
    said=$(until_true false) && die "a wait in vain is none"
    expect_eq "what it says" "$said" "not within 1 s: 'false': "
    (run sleep 100) && die "a command that its limit ended has not failed"
    limit=300
    sh -c 'echo the last word >word' &
    pid=$!
    wait $pid
    until_true has_lines 1 last word
    said=$(until_true has_lines 2 last word) && die "a wait for what has ended goes on"
    expect_eq "what it says" "$said" "ended before 'has_lines 2 last word': "
}

# As t runs one.
failed_test() {
    (
        read -r self _ </proc/self/stat
        trap '[ $? = 0 ] || leave_nothing' EXIT
        sleep 1000 &
        echo $! >left
        kill -STOP $!
        die "on purpose"
    ) && die "it did not fail"
    left=$(cat left)
    pid=''
    until_true ended "$left"
}
ended() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

t "has KVM with the H extension" has_kvm
t "has the KVM tracepoints and module BTF" has_tracing
t "runs vhart" runs_vhart
t "a wait that is in vain ends" waits_end
t "a test that fails leaves nothing running" failed_test
