# shellcheck shell=dash
# Breakpoints and steps: the script drives, and the guest says what of it was disturbed.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

breakpoints() { expect_status 0 vhart test --timeout 60 "$here/break.lua"; }

t "breakpoints and steps, with what the guest finds" breakpoints

# cpus_are LIST: where the thread of hart 0 may run
cpus_are() {
    for thread in /proc/"$pid"/task/*; do
        [ "$(cat "$thread/comm")" != vcpu0 ] || [ "$(awk '/^Cpus_allowed_list:/ { print $2 }' "$thread/status")" != "$1" ] || return 0
    done
    return 1
}
cpus_are_one() { ! cpus_are "$all"; }

# With the shortcut of KVM that vmm/machine/vcpu_stay.h is about, the thread stays where it is until the guest has run; and on
# no other kernel.
stays() {
    all=$(cat /sys/devices/system/cpu/online)
    talk vhart run --control "$T/control" --kernel /guests/hostile.elf --memory 16M --append uart=1
    until_true vhart ctl "$T/control" status >/dev/null
    until_true cpus_are "$all"
    for round in 1 2 3; do
        vhart ctl "$T/control" pause || die "no pause"
        cpus_are "$all" || die "it stays while nothing was set, round $round"
        "$@" || die "what it takes failed: $*"
        if grep -qa csr_dirty /sys/kernel/btf/kvm; then cpus_are_one; else cpus_are "$all"; fi || die "where it may run is wrong, round $round"
        vhart ctl "$T/control" resume || die "no resume"
        until_true cpus_are "$all"
    done
    vhart ctl "$T/control" stop
    hang_up
}
sets_a_csr() { vhart ctl "$T/control" set 0 sscratch "0x123$round"; }
makes_a_breakpoint() { vhart ctl "$T/control" breakpoint 0x7ffffff0 >made && vhart ctl "$T/control" unbreak "$(sed -n 's/^breakpoint: //p' made)"; }

t "a hart whose CSR is set stays on its CPU until the guest has run" stays sets_a_csr
t "and one that is to stop at a breakpoint" stays makes_a_breakpoint
