# shellcheck shell=dash disable=SC2154
# vhart probe says what the host can do: the same host with AIA and without, for a user, without KVM, without H.
# lab: hosts=6.12,7.2
# lab: hosts=6.12,7.2 aia=none

found=/tmp/probe.json # what the first test found

# kvm_has FUNCTION: is it in the host's kernel?
kvm_has() { if grep -q " $1" /proc/kallsyms; then echo ok; else echo missing; fi; }
host_has_aia() { grep -q ssaia /proc/cpuinfo; }

# expect_finding ID STATE: in the JSON of $out.
expect_finding() {
    state=$(grep -A 3 "\"id\":\"$1\"" "$out" | sed -n 's/.*"state":"\(.*\)",/\1/p')
    expect_eq "the state of $1" "$state" "$2"
}

# Runs CMD as a user who is nobody in particular, in no group.
as_user() {
    grep -q '^probe-user:' /etc/passwd || echo 'probe-user:x:1234:1234::/tmp:/bin/sh' >>/etc/passwd
    run su probe-user -c "PATH=$PATH $*"
}

runs_vms() {
    expect_status 0 vhart probe --json
    cp "$out" "$found"
    for id in host.kernel kvm.h kvm.device kvm.guest kvm.one_reg kvm.mp_state kvm.device_ctrl kvm.ioeventfd kvm.ioeventfd_any_length \
        kvm.readonly_mem kvm.binary_stats vcpu.isa vcpu.satp vcpu.timebase \
        sbi.kernel sbi.experimental sbi.vendor sbi.dbcn sbi.pmu pmu.driver pmu.guest_cycles pmu.guest_instructions \
        trace.bpf trace.btf_vmlinux trace.btf_kvm trace.kvm_entry trace.kvm_exit io.uring io.tun lcofi.plic; do
        expect_finding $id ok
    done
    expect_no_err .
}

# KVM has a register for the legacy calls, which says "enabled" also where it was built without them.
makes_the_calls() {
    out=$found
    legacy=$(kvm_has kvm_sbi_ext_v01_handler)
    expect_finding sbi.legacy "$legacy"
    [ "$legacy" = ok ] || expect_out 'no: putchar gets -2 .NOT_SUPPORTED., though KVM lists it'
    expect_finding sbi.susp "$(kvm_has kvm_sbi_ext_susp_handler)"
    expect_out 'yes, when enabled: write_byte came, and went back answered'
    expect_out '"BASE TIME IPI RFENCE SRST HSM PMU STA.*: a call of each was answered'
}

# Whether KVM keeps it depends on its version; today's two forget it.
tries_the_timer() {
    out=$found
    case $(grep -A 4 '"id":"vcpu.timer"' "$out") in
        *'"state":"limited"'*'KVM forgets one'* | *'"state":"ok"'*'was interrupted 100 times'*) ;;
        *) die "it was not tried" ;;
    esac
}

# Since 7.2 KVM loads a vCPU's CSRs only where it thinks that it must.
knows_whether_csrs_are_kept() {
    out=$found
    if grep -qa csr_dirty /sys/kernel/btf/kvm; then expect_finding vcpu.csrs limited; else expect_finding vcpu.csrs ok; fi
}

# The capabilities are there without AIA, too; their interrupts are not.
knows_the_aia() {
    out=$found
    if host_has_aia; then aia=ok; else aia=missing; fi
    # Older kernels' code for interrupt files, whose halted vCPUs can miss an MSI.
    if [ $aia = ok ] && grep -qa kvm_riscv_aia_wakeon_hgei /sys/kernel/btf/kvm; then
        expect_finding vcpu.aia limited
    else
        expect_finding vcpu.aia $aia
    fi
    for id in lcofi.msi kvm.irqfd kvm.irq_routing kvm.signal_msi; do
        expect_finding $id $aia
    done
}

# Kernels that put the bit in the wrong place, and one that does not; without AIA there is no hvien for it to go through.
knows_whether_lcofi_can_be_raised() {
    out=$found
    case $(uname -r) in
        6.12.10[7-9]* | 6.12.11[0-7]*) expect_finding lcofi.sip missing ;;
        7.2.12*) if lcofi_works && host_has_aia; then expect_finding lcofi.sip ok; fi ;;
    esac
    host_has_aia || expect_finding lcofi.sip missing
    if lcofi_works && host_has_aia; then lcofi=ok; else lcofi=missing; fi
    expect_finding lcofi.stub $lcofi
}

finds_that_samples_arrive() {
    out=$found
    expect_finding pmu.sampling ok
}

names_cost_and_fix() {
    expect_status 0 vhart probe
    expect_out '^VMs can be run on this host'
    if ! host_has_aia; then
        grep -A 2 '^  AIA  .*missing' "$out" >aia
        grep -q '^      costs: .' aia || die "no cost of the missing AIA"
        grep -q '^      fix:   .' aia || die "no fix of the missing AIA"
    fi
    awk 'length > 80 { exit 1 }' "$out" || die "a line is longer than 80 columns"
}

says_the_same_in_both_forms() {
    run vhart probe
    expect_eq "the number of findings" "$(grep -cE '^  [^ ].* (ok|limited|missing|unknown) ' "$out")" \
        "$(grep -c '"id":' "$found")"
}

lists_all_for_a_user() {
    chmod 600 /dev/kvm /dev/net/tun
    as_user vhart probe --json
    expect_status 1
    expect_finding kvm.device missing
    expect_finding kvm.irqfd unknown
    expect_finding lcofi.sip unknown
    expect_finding trace.capabilities missing
    expect_finding trace.bpf missing
    expect_finding trace.btf_kvm missing
    expect_finding io.tun missing
    # No group may open it, so being in one would not help.
    expect_out 'chgrp kvm /dev/kvm.*usermod -aG kvm'
    chgrp 77 /dev/kvm
    chmod 660 /dev/kvm
    as_user vhart probe --json
    expect_out '"fix":"usermod -aG kvm'
    chown 0:0 /dev/kvm
    chmod 600 /dev/kvm
    as_user vhart probe
    expect_out '^[0-9]+ could not be looked at'
    expect_no_err .
}

runs_vms_for_a_user_who_may() {
    chmod 666 /dev/kvm
    as_user vhart probe --json
    chmod 600 /dev/kvm
    expect_status 0
    expect_finding kvm.guest ok
    expect_finding trace.bpf missing
    expect_finding pmu.paranoid limited
    expect_finding pmu.guest_cycles missing
    expect_out 'perf_event_paranoid=1'
}

# The module stays: after rmmod, 6.12 with AIA cannot load it again.
lists_all_without_kvm() {
    sed 's/\(isa.*: rv64imafdc\)h/\1/' /proc/cpuinfo >cpuinfo
    mv /dev/kvm /dev/kvm-hidden
    run vhart probe --json
    mount --bind cpuinfo /proc/cpuinfo
    vhart probe --json >without-h 2>/dev/null
    umount /proc/cpuinfo
    mv /dev/kvm-hidden /dev/kvm
    expect_status 1
    expect_finding kvm.device missing
    expect_finding kvm.guest missing
    expect_finding kvm.h ok
    expect_finding pmu.driver ok
    expect_out '"fix":"modprobe kvm'
    expect_no_err .
    out=without-h
    expect_finding kvm.h missing
    expect_out '"fix":"see .H extension. above'
}

# The guest runs, but 'vhart run' would not.
needs_io_uring() {
    echo 2 >/proc/sys/kernel/io_uring_disabled
    run vhart probe
    echo 0 >/proc/sys/kernel/io_uring_disabled
    expect_status 1
    expect_out '^  a guest runs  .*ok'
    expect_out '^  io_uring  .*missing'
    expect_out '^VMs cannot be run on this host'
}

# cost ID FIELD: of --measure, in whole ones
cost() { grep -A 5 "\"id\":\"$1\"" "$out" | sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p"; }
measures_exits() {
    expect_status 0 vhart probe --measure --json
    expect_no_err .
    for id in kvm.call kvm.call_counting vmm.call vmm.mmio; do
        for field in ns instructions cycles; do
            # Of two counters for one event QEMU has the second stand still.
            [ "$id $field" != 'kvm.call_counting cycles' ] || continue
            [ "$(cost $id $field)" -gt 100 ] || die "$id, $field: '$(cost $id $field)' $(sed -n '/exit_costs/,$p' "$out")"
        done
    done
    # Who goes to the VMM has left KVM, and comes back.
    [ "$(cost kvm.call instructions)" -lt "$(cost vmm.call instructions)" ] || die "$(sed -n '/exit_costs/,$p' "$out")"
    [ "$(cost kvm.call instructions)" -lt "$(cost vmm.mmio instructions)" ] || die "$(sed -n '/exit_costs/,$p' "$out")"
    expect_status 0 vhart probe --measure
    expect_out '^What an exit costs, and the way back  *ns instructions  *cycles$'
    expect_out '^  a call that KVM answers  *[0-9]+\.[0-9]  *[0-9]+\.[0-9]  *[0-9]+\.[0-9]$'
    awk 'length > 80 { exit 1 }' "$out" || die "a line is longer than 80 columns"
}

measures_what_a_user_may() {
    chmod 666 /dev/kvm
    as_user vhart probe --measure
    expect_out '^  a call that KVM answers  *[0-9]+\.[0-9]  *-  *-$'
    expect_out '^ *a call that KVM answers: not counted: .'
    chmod 600 /dev/kvm
    as_user vhart probe --measure
    expect_out '^  a call that KVM answers  *-  *-  *-$'
    expect_out '^ *a call that KVM answers: KVM cannot be asked$'
}

refuses_what_it_does_not_know() {
    for argument in --jsn here --json=yes; do
        expect_status 2 vhart probe $argument
        expect_one_line
    done
    expect_status 0 vhart probe --help
    expect_out '^usage: vhart probe'
    expect_no_err .
}

tells_when_its_output_is_lost() {
    vhart probe --json >/dev/full 2>"$err" && die "it ended with 0"
    expect_one_line
}

t "probe: a host that runs VMs" runs_vms
t "probe: calls are made, not looked up" makes_the_calls
t "probe: a deadline that is set by the SBI" tries_the_timer
t "probe: CSRs that KVM forgets" knows_whether_csrs_are_kept
t "probe: AIA or none" knows_the_aia
t "probe: LCOFI is tried, not assumed" knows_whether_lcofi_can_be_raised
if lcofi_works; then
    t "probe: samples arrive on the host" finds_that_samples_arrive
else
    skip "probe: samples arrive on the host" "this QEMU never raises LCOFI"
fi
t "probe: a missing thing has its cost and its fix" names_cost_and_fix
t "probe: text and JSON list the same" says_the_same_in_both_forms
t "probe: a user without permissions gets the whole list" lists_all_for_a_user
t "probe: a user who may open /dev/kvm runs VMs" runs_vms_for_a_user_who_may
t "probe: without KVM, and without H, the whole list" lists_all_without_kvm
t "probe: without io_uring no VM can be run" needs_io_uring
# AIA has no part in it.
if host_has_aia; then t "probe: what an exit costs" measures_exits; fi
t_any "probe: what an exit costs, for a user" measures_what_a_user_may
t "probe: unknown options" refuses_what_it_does_not_know
t_any "probe: a full disk" tells_when_its_output_is_lost
