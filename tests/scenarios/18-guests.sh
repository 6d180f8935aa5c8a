# shellcheck shell=dash
# The bare-metal guests: they test the machine from inside and say so in TAP; what they provoke never ends vhart.
# lab: hosts=7.2 smp=2 mmu=sv57
# lab: hosts=6.12 smp=2
# lab: hosts=6.12,7.2 smp=2 aia=none

provokes() {
    truncate -s 1M disk
    # A key answers no requests: tests/fuzz has what a guest can send it.
    run vhart run --kernel /guests/faults.elf --memory 64M --timeout 60 --result result --cpus 2 --disk disk --net user --rng --power-key off "$@"
    expect_status 0
    expect_out '^1\.\.'
    ! grep -q '"guest_errors": *0[,}]' result || die "no guest error was counted"
    # Many faults, and still few lines.
    [ "$(wc -l <"$err")" -le 200 ] || die "$(wc -l <"$err") lines about guest errors"
}

as "SBI calls" sbi
as "4 harts by HSM" smp '--cpus 4'
# More harts than the host has CPUs: while they halt their threads move from one to another. Older kernels' code misses
# MSIs to the hardware's interrupt files then.
msi_options='--cpus 4'
if grep -q ssaia /proc/cpuinfo; then
    as "halted harts miss no MSI, emulated" halt '--cpus 4 --aia emul'
    if grep -qa kvm_riscv_aia_wakeon_hgei /sys/kernel/btf/kvm; then
        msi_options='--cpus 4 --append running=1'
    else
        as "halted harts miss no MSI" halt '--cpus 4'
    fi
fi
as "the library: a handler for each cause" trap_handlers '--cpus 4'
as "the library: page tables" page_tables
as "the library: the timer" timer_interrupt
as "the library: MSIs" msi "$msi_options"
as "the library: TAP of all harts" tap_of_all_harts '--cpus 4'
as "steal time" steal
as "system suspend" suspend
as "system suspend: any enabled interrupt wakes it" wake
# An instruction that KVM cannot emulate: the hart takes the exception that hardware would raise.
for way in jump odd amo float; do as "accesses that nothing can answer: $way" stuck "--append $way=1"; done
guests_pass
t "guest faults, over PCI" provokes
t "guest faults, over MMIO" provokes --transport mmio
