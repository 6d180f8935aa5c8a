# shellcheck shell=dash
# The bare-metal guests: they test the machine from inside and say so in TAP; what they provoke never ends vhart.
# lab: hosts=6.12,7.2
# lab: hosts=6.12,7.2 aia=none

# passes GUEST OPTIONS: it powers off by itself, its TAP has a plan and as many passed tests.
passes() {
    file=/guests/$1.elf
    shift
    [ -e "$file" ] || die "there is no $file"
    run vhart run --kernel "$file" --memory 64M --timeout 60 --result result "$@"
    expect_status 0
    expect_no_out '^not ok'
    planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$out" | tr -d '\r')
    [ "${planned:-0}" -gt 0 ] || die "no plan in its output"
    expect_eq "the number of passed tests" "$(grep -c '^ok ' "$out")" "$planned"
}

provokes() {
    truncate -s 1M disk
    passes faults --cpus 2 --disk disk --net user --rng "$@"
    ! grep -q '"guest_errors": *0[,}]' result || die "no guest error was counted"
    # Many faults, and still few lines.
    [ "$(wc -l <"$err")" -le 200 ] || die "$(wc -l <"$err") lines about guest errors"
}

# An instruction that KVM cannot emulate: the hart takes the exception that hardware would raise.
stuck_ends() {
    for way in jump odd amo float; do
        run vhart run --kernel /guests/stuck.elf --memory 16M --timeout 20 --append "$way=1"
        expect_out "^stuck: $way"
        expect_status 0
        expect_out '^exceptions 1'
    done
}

t "SBI calls" passes sbi
t "4 harts by HSM" passes smp --cpus 4
# More harts than the host has CPUs: while they halt their threads move from one to another. Older kernels' code misses
# MSIs to the hardware's interrupt files then.
if grep -q ssaia /proc/cpuinfo; then
    t "halted harts miss no MSI, emulated" passes halt --cpus 4 --aia emul
    if ! grep -qa kvm_riscv_aia_wakeon_hgei /sys/kernel/btf/kvm; then
        t "halted harts miss no MSI" passes halt --cpus 4
    fi
fi
t "system suspend" passes suspend
t "system suspend: any enabled interrupt wakes it" passes wake
t "guest faults, over PCI" provokes
t "guest faults, over MMIO" provokes --transport mmio
t "accesses that nothing can answer" stuck_ends
