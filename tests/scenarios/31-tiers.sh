# shellcheck shell=dash disable=SC2154
# vhart stat where BPF cannot be had: perf tracepoints count the same.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# shellcheck source=tests/scenarios/stat.sh
. "$here/stat.sh"

# number FILE LINE NAME: NAME's in the line that matches LINE, 0 where there is none
number() {
    value=$(grep -E "$2" "$1" | sed -n "s/.*\"$3\":\([0-9]*\).*/\1/p")
    echo "${value:-0}"
}

exit_line() { printf '"reason":"%s","sub":"%s"' "$1" "$2"; }

# counted REASON SUB COUNT
counted() { expect_eq "$1 $2" "$(number "$T/stat.json" "$(exit_line "$1" "$2")" count)" "$3"; }

by_perf() { expect_eq "ways of perf" "$(grep -c '"way":"perf tracepoints"' "$1")" 1; }

counts_are_exact() {
    stat_of "$T/stat.json" --tier perf
    by_perf "$T/stat.json"
    expect_no_err 'warning: SBI'
    expect_eq "events that are missing" "$(number "$T/stat.json" '"type":"stat"' lost)" 0
    # set_timer for each halt and one more, console_write and counter_config_matching once a hart, hart_start once; and the
    # two that do not return, hart_stop and system_reset.
    counted sbi '' $((2 * 8 * calls + 2 * (halts + 1) + 2 + 2 + 1 + 2))
    counted load_guest_page_fault mmio $((2 * 3 * mmio))
    counted store_guest_page_fault mmio $((2 * mmio))
    counted virtual_inst 'csr read' $((2 * csr))
    counted virtual_inst wfi $((2 * halts))
    expect_eq "vCPUs" "$(sed -n 's/.*"vcpu":\([0-9]*\),.*/\1/p' "$T/stat.json" | sort | tr '\n' ' ')" '0 1 '
    cp "$T/stat.json" /tmp/tiers.json
}

halts_are_not_handling() {
    wfi=$(exit_line virtual_inst wfi)
    halted=$(number /tmp/tiers.json "$wfi" halted_ns) handled=$(number /tmp/tiers.json "$wfi" p50_ns)
    due=$((2 * halts * halt_us * 1000))
    [ "$halted" -gt $((due * 7 / 10)) ] || die "halted for $halted ns of $due"
    if [ "$handled" -eq 0 ] || [ "$handled" -ge $((halt_us * 1000 / 2)) ]; then
        die "$handled ns to handle half of the halts of $halted ns"
    fi
}

by_address() {
    stat_of by --tier perf --by mmio
    for place in 0x10000007 0x101000 0x10000; do
        grep -qE "\"sub\":\"mmio\",\"at\":\"$place( [^\"]*)?\".*\"count\":$((2 * mmio))," by || die "$place: $(cat by)"
    done
}

# runs APPEND: a guest in the background; $vm is its process
runs() {
    vhart run --memory 64M --pmu kvm --kernel /guests/exits.elf --append "$1" >guest 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await begin guest
}

# Attached under way: the states of its vCPU are one second.
a_second_is_a_second() {
    runs 'harts=1 spin=100000000000'
    run vhart stat --tier perf -p "$vm" --once --json
    ends "$vm"
    expect_status 0
    by_perf "$out"
    awk -F'[:,]' '
        /"type":"stat"/ { for (i = 1; i <= NF; i++) if ($i == "\"wall_ns\"") wall = $(i + 1) }
        /"type":"vcpu"/ { for (i = 1; i <= NF; i++) if ($i ~ /(guest|kernel|vmm|halted|waiting|blocked)_ns/) sum += $(i + 1) }
        END { print sum, wall; exit !(sum > wall * 0.9 && sum < wall * 1.01) }' "$out" || die "the states do not add up"
}

# Nobody empties the rings for 2 s: what is missing is counted, and no exit is made of the halves of two.
losses_are_told() {
    runs 'harts=1 calls=1000000000'
    vhart stat --tier perf -p "$vm" --json >"$out" 2>"$err" &
    watcher=$!
    # It waits in ppoll() once it watches.
    until_true has_line '^73 ' "/proc/$watcher/syscall"
    kill -STOP $watcher
    sleep 2
    kill -CONT $watcher
    sleep 0.5
    kill -INT $watcher
    wait $watcher
    status=$?
    ends "$vm"
    expect_status 0
    [ "$(number "$out" '"type":"stat"' lost)" -gt 1000 ] || die "nothing is missing: $(cat "$out")"
    [ "$(number "$out" '"type":"stat"' unpaired)" -gt 0 ] || die "nothing was cut: $(cat "$out")"
    [ "$(number "$out" "$(exit_line sbi '')" max_ns)" -lt 1500000000 ] || die "an exit was put together: $(cat "$out")"
}

# A user who may watch events and read tracefs, but load no programs. A copy: /src keeps no capabilities.
without_bpf() {
    cp "$(command -v vhart)" vhart
    setcap cap_perfmon+ep vhart
    chmod 755 vhart
    chmod 777 .
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    mode=$(stat -c %a /dev/kvm) paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
    # Debian's 3 takes CAP_SYS_ADMIN.
    echo 2 >/proc/sys/kernel/perf_event_paranoid
    chmod 666 /dev/kvm
    mount -o remount,mode=755,gid=65534 /sys/kernel/tracing
    run start-stop-daemon -S -c nobody -x "$T/vhart" -- stat --json -o "$T/stat.json" "$@" -- \
        run --cpus 2 --memory 64M --pmu kvm --kernel /guests/exits.elf --append "$exits"
    mount -o remount,mode=700,gid=0 /sys/kernel/tracing
    chmod "$mode" /dev/kvm
    echo "$paranoid" >/proc/sys/kernel/perf_event_paranoid
}

chosen_without_bpf() {
    without_bpf
    expect_status 0
    by_perf "$T/stat.json"
    counted virtual_inst 'csr read' $((2 * csr))
    expect_err 'warning: SBI calls, and instructions that the hardware does not name, are not told apart: loading BPF programs: Operation not permitted: run vhart as root'
    expect_eq "warnings of stat" "$(grep -c 'warning: SBI calls' "$err")" 1
}

# Who asks for one way gets no other.
not_another_way() {
    without_bpf --tier tracepoints
    expect_status 125
    expect_err 'loading BPF programs: Operation not permitted: run vhart as root'
}

# The kernel has no types: BPF programs do not find KVM's.
chosen_without_types() {
    run strace -f -o trace -e trace=bpf -e inject=bpf:error=ESRCH:when=4+ \
        vhart stat --json -o "$T/stat.json" -- run --memory 64M --pmu kvm --kernel /guests/exits.elf --append 'harts=1 csr=10'
    expect_status 0
    by_perf "$T/stat.json"
    counted virtual_inst 'csr read' 10
    expect_err 'warning: SBI calls.* BPF programs: No such process: .*CONFIG_DEBUG_INFO_BTF'
}

no_tracefs() {
    umount /sys/kernel/tracing
    umount /sys/kernel/debug && debug=1 || debug=
    run vhart stat --tier perf --all --once
    [ -z "$debug" ] || mount -t debugfs debugfs /sys/kernel/debug
    mount -t tracefs tracefs /sys/kernel/tracing
    expect_status 1
    expect_err 'tracefs: kvm/kvm_entry: .*mount -t tracefs'
    expect_one_line
}

# What this tier cannot do.
refuses() {
    pattern=$1 wanted=$2
    shift 2
    run vhart "$@"
    expect_status "$wanted"
    expect_err "$pattern"
    expect_one_line
}

t "by perf: exits are counted to the unit" counts_are_exact
t "a halt is not handling" halts_are_not_handling
t "by device address" by_address
t "one second of a VM that runs" a_second_is_a_second
t "what is missing is told, and not made up" losses_are_told
t "chosen where BPF is not permitted" chosen_without_bpf
t "a way that was asked for is not replaced" not_another_way
t "chosen where the kernel has no types" chosen_without_types
t "without tracefs" no_tracefs
t_any "single exits need BPF" refuses '--tier perf: it has no single exits' 1 trace --tier perf --all
t_any "a way that is none" refuses '--tier magic: expected functions, tracepoints, perf or log' 2 stat --tier magic --all
