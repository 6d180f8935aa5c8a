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

t "has KVM with the H extension" has_kvm
t "has the KVM tracepoints and module BTF" has_tracing
t "runs vhart" runs_vhart
