# shellcheck shell=dash disable=SC2154
# What crashes a host whose kernel answers the SBI PMU (SECURITY.md) does nothing where vhart chooses who answers. Alone: were
# it otherwise, the host would be lost.
# lab: hosts=6.12,7.2 smp=2 alone

# The guest made every call that hurts a kernel.
nothing_happened() {
    expect_status 0
    expect_out '^ok 10 - still here after: event_get_info of very many'
    ! dmesg | grep -iE 'oops|BUG|unable to handle|riscv-kvm-pmu|WARNING' || die "the host's kernel complains"
}

by_default() {
    dmesg -c >/dev/null
    run vhart run --kernel /guests/pmu_holes.elf --memory 64M --timeout 100
    nothing_happened
    expect_err '^vhart: pmu: vmm: '
}

# A user who may not load BPF programs: nobody answers.
without_bpf() {
    grep -q '^holes-user:' /etc/passwd || echo 'holes-user:x:1235:1235::/tmp:/bin/sh' >>/etc/passwd
    mode=$(stat -c %a /dev/kvm)
    chmod 666 /dev/kvm
    dmesg -c >/dev/null
    run su holes-user -c "PATH=$PATH vhart run --kernel /guests/pmu_holes.elf --memory 64M --timeout 100"
    chmod "$mode" /dev/kvm
    nothing_happened
    expect_err '^vhart: pmu: off: '
}

# Nothing that hurts is called.
kvm_says_it() {
    run vhart run --pmu kvm --kernel /guests/hello.elf --memory 64M --timeout 100
    expect_status 0
    expect_err '^vhart: warning: --pmu kvm: a guest can .*vhart probe lists all'
    expect_eq "the number of warnings" "$(grep -c warning: "$err")" 1
}

probe_lists_them() {
    run vhart probe
    expect_out "^What a guest can do to this host's kernel"
    expect_out '^  kernel log .*limited .*with --pmu kvm: a guest can'
    case $(uname -r) in
        6.12.1[01]*) expect_out '^  counter base .*limited .*with --pmu kvm' ;;
        7.2.12*) expect_out '^  page after page .*limited .*with --pmu kvm' ;;
    esac
}

t "by default no call gets to the kernel's PMU" by_default
t "nor for a user without BPF" without_bpf
t_any "--pmu kvm says what it exposes" kvm_says_it
t_any "vhart probe lists what is open" probe_lists_them
