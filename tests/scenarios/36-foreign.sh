# shellcheck shell=dash disable=SC2154
# A VM that is not ours: QEMU's exits are told, counted and sampled as well.
# lab: hosts=any smp=2

calls=20 mmio=10 csr=6 halts=3
exits="harts=2 calls=$calls mmio=$mmio csr=$csr halts=$halts us=20000 vendor=0"

# qemu WORDS: a VM called foreign that waits before its first instruction; goes lets it go, $vm is its process
qemu() {
    rm -f "$T/monitor" "$T/console"
    mkfifo "$T/monitor"
    qemu-system-riscv64 -name guest=foreign,debug-threads=on -machine virt -accel kvm -cpu host -smp 2 -m 128 -nodefaults \
        -display none -serial "file:$T/console" -monitor stdio -S -kernel /guests/exits.elf -append "$1" \
        <"$T/monitor" >"$T/qemu.out" 2>&1 &
    vm=$!
    pid=$vm
    exec 4>"$T/monitor"
    await '\(qemu\)' "$T/qemu.out"
}
goes() { echo cont >&4; }
# It ends by itself, or else by the monitor.
gone() {
    [ $# = 0 ] || echo "$1" >&4
    exec 4>&-
    wait "$vm"
}

# counted REASON SUB NUMBER: over all tables of $out
counted() {
    count=$(grep "\"reason\":\"$1\",\"sub\":\"$2\"" "$out" | sed 's/.*"count":\([0-9]*\).*/\1/' | awk '{ n += $1 } END { print n + 0 }')
    expect_eq "$1 $2" "$count" "$3"
}

# The first table says that it watches.
counts_are_exact() {
    qemu "$exits"
    vhart stat -p $vm -i 0.5 --json "$@" >"$out" 2>"$err" &
    watcher=$!
    await '"type":"stat"' "$out"
    goes
    wait $watcher
    expect_eq "status" $? 0
    gone
    grep -q '"type":"vcpu","vm":"foreign".*"vcpu":1' "$out" || die "$(cat "$out" "$err")"
    for call in base.get_spec_version base.probe_extension hsm.hart_get_status rfence.remote_fence_i ipi.send_ipi \
        dbcn.console_write_byte unknown; do
        counted sbi $call $((2 * calls))
    done
    counted sbi time.set_timer $((2 * (halts + 1)))
    counted load_guest_page_fault mmio $((2 * 3 * mmio))
    counted store_guest_page_fault mmio $((2 * mmio))
    counted virtual_inst 'csr read' $((2 * csr))
    counted virtual_inst wfi $((2 * halts))
}

traced() {
    qemu "harts=1 calls=2 mmio=1 vendor=0"
    vhart trace -p $vm -e sbi,mmio -o trace >"$out" 2>"$err" &
    watcher=$!
    await '#' trace
    goes
    wait $watcher
    expect_eq "status" $? 0
    gone
    expect_eq "calls" "$(grep -c ' sbi hsm.hart_get_status(hartid=0) = 0' trace)" 2
    # What is at its addresses is not for us to say.
    grep -q ' mmio R1 0x10000007 = ' trace || die "$(cat trace)"
}

# Ours beside QEMU's, both with a vCPU 0 and 1.
beside_ours() {
    qemu "harts=2 spin=100000000000"
    goes
    await begin "$T/console"
    vhart run --name ours --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf --append "harts=2 spin=100000000000" \
        >"$T/ours.out" 2>&1 </dev/null &
    ours=$!
    await begin "$T/ours.out"
    run vhart stat --all --once --json
    kill $ours
    wait $ours
    gone quit
    for id in 0 1; do
        expect_out "\"vm\":\"foreign\",\"pid\":$vm,.*\"vcpu\":$id,"
        expect_out "\"vm\":\"ours\",\"pid\":$ours,.*\"vcpu\":$id,"
    done
}

# What it has no log of.
no_log() {
    qemu "spin=1"
    run vhart stat -p $vm --once --tier log
    gone quit
    expect_status 1
    expect_err '--tier log: there is none: only a VM of vhart keeps one'
    expect_one_line
}

t "QEMU's exits are counted to the unit" counts_are_exact
t "the same at tracepoints only" counts_are_exact --tier tracepoints
t "QEMU's calls are decoded" traced
t "QEMU's VM beside one of ours" beside_ours
t "QEMU keeps no log" no_log
