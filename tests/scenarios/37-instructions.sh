# shellcheck shell=dash disable=SC2154
# Virtual instructions that the hardware does not name (stval is 0): QEMU names none of WRS. Held against what KVM counted.
# lab: hosts=6.12,7.2

zawrs() { grep -q zawrs /proc/cpuinfo; }

# row FILE SUB: how many there are of it
row() {
    count=$(sed -n "s/.*\"reason\":\"virtual_inst\",\"sub\":\"$2\",\"count\":\([0-9]*\),.*/\1/p" "$1")
    echo "${count:-0}"
}

# kvm_counted NAME: in the result of the run
kvm_counted() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" result | head -n 1; }

# waits TIER: a run of a guest that waits for reservations, in the file stat
waits() {
    run vhart stat --json -o stat --tier "$1" -- run --result result --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf \
        --append 'harts=2 wrs=200 mmio=20 halts=5 us=20000'
    expect_status 0
    [ "$(kvm_counted wrs_exit_stat)" -gt 0 ] || die "KVM counted no WRS: $(cat result)"
}

each_is_named() {
    waits "$1"
    expect_eq WRS "$(row stat wrs)" "$(kvm_counted wrs_exit_stat)"
    expect_eq WFI "$(row stat wfi)" "$(kvm_counted wfi_exit_stat)"
    expect_eq other "$(row stat other)" 0
    expect_eq "not told" "$(row stat 'not told')" 0
}

# perf's events have no vCPU to ask: what is not told is in a row that says so, and in none that is wrong.
perf_says_so() {
    waits perf
    expect_eq "WRS and not told" $(($(row stat wrs) + $(row stat 'not told'))) "$(kvm_counted wrs_exit_stat)"
    expect_eq WFI "$(row stat wfi)" "$(kvm_counted wfi_exit_stat)"
    expect_eq other "$(row stat other)" 0
}

# Its spinlocks wait by WRS.
linux_waits() {
    cat >run.sh <<'RUN'
for i in 1 2; do
    (for n in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=/dev/null bs=64k count=50; done) &
done
wait
RUN
    run vhart stat --json -o stat "$@" -- run --result result --cpus 2 --memory 256M --kernel /guests/linux/Image \
        --initrd /guests/linux/initrd-small --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    expect_eq WRS "$(row stat wrs)" "$(kvm_counted wrs_exit_stat)"
    expect_eq WFI "$(row stat wfi)" "$(kvm_counted wfi_exit_stat)"
    expect_eq other "$(row stat other)" 0
}

lines_name_them() {
    run vhart trace --json -o trace -e wfi -- run --result result --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf \
        --append 'harts=2 wrs=200 halts=5 us=20000'
    expect_status 0
    expect_eq lines "$(grep -c '"reason":"virtual_inst","sub":"wrs"' trace)" "$(kvm_counted wrs_exit_stat)"
}

if zawrs; then
    t "WRS is named, as often as KVM counted it" each_is_named functions
    t "the same at tracepoints only" each_is_named tracepoints
    t "by perf's events: named, or said not to be told" perf_says_so
    t "WRS of a Linux guest, as often as KVM counted it" linux_waits
    t "the same at tracepoints only" linux_waits --tier tracepoints
    t "lines name WRS" lines_name_them
else
    skip "WRS" "this host has no Zawrs"
fi
