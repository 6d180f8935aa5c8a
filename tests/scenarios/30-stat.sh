# shellcheck shell=dash disable=SC2154
# vhart stat: exits whose number is known are counted to the unit, and times add up.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# shellcheck source=tests/scenarios/stat.sh
. "$here/stat.sh"

# field FILE REASON SUB NAME: of the line of that exit, 0 where there is none
field() {
    value=$(grep "\"reason\":\"$2\",\"sub\":\"$3\"" "$1" | sed -n "s/.*\"$4\":\([0-9]*\).*/\1/p")
    echo "${value:-0}"
}

# counted FILE REASON SUB COUNT
counted() { expect_eq "$2 $3" "$(field "$1" "$2" "$3" count)" "$4"; }

counts_are_exact() {
    stat_of /tmp/stat.json "$@"
    for call in base.get_spec_version base.probe_extension hsm.hart_get_status rfence.remote_fence_i ipi.send_ipi \
        dbcn.console_write_byte vendor unknown; do
        counted /tmp/stat.json sbi $call $((2 * calls))
    done
    counted /tmp/stat.json sbi time.set_timer $((2 * (halts + 1)))
    counted /tmp/stat.json sbi dbcn.console_write 2
    counted /tmp/stat.json sbi hsm.hart_start 1
    counted /tmp/stat.json sbi pmu.counter_config_matching 2
    counted /tmp/stat.json load_guest_page_fault mmio $((2 * 3 * mmio))
    counted /tmp/stat.json store_guest_page_fault mmio $((2 * mmio))
    counted /tmp/stat.json virtual_inst 'csr read' $((2 * csr))
    counted /tmp/stat.json virtual_inst wfi $((2 * halts))
    sed -n 's/.*"type":"vcpu".*"exits":\([0-9]*\),.*"runs":\([0-9]*\),.*/\1 \2/p' /tmp/stat.json >runs
    expect_eq "lines with runs" "$(wc -l <runs)" 2
    awk '$1 != $2 { exit 1 }' runs || die "exits, and runs of the guest before them: $(cat runs)"
    expect_eq "calls for the VMM" "$(field /tmp/stat.json sbi dbcn.console_write_byte to_vmm)" $((2 * calls))
    # One of each hart's may be where the VMM interrupts it: it has the restart of counters mended soon after it began.
    [ "$(field /tmp/stat.json sbi ipi.send_ipi to_vmm)" -le 2 ] || die "calls for the VMM that KVM answers"
}

# Interrupts and calls share numbers: cause 9 and 5 of interrupts, 10 of exceptions.
interrupts_are_not_calls() {
    [ "$(field /tmp/stat.json irq s_timer count)" -gt 0 ] || die "no timer interrupt in all that time"
    grep '"reason":"irq","sub":"vs_' /tmp/stat.json && die "an interrupt that KVM delegates"
    grep -E '"reason":"(exception|other)"' /tmp/stat.json && die "an exit without a name"
    return 0
}

# A halt begins a little after its timer was set. Most are handled at once; the lab's load may hold up any.
halts_are_not_handling() {
    halted=$(field /tmp/stat.json virtual_inst wfi halted_ns) handled=$(field /tmp/stat.json virtual_inst wfi p50_ns)
    due=$((2 * halts * halt_us * 1000))
    [ "$halted" -gt $((due * 7 / 10)) ] || die "halted for $halted ns of $due"
    if [ "$handled" -eq 0 ] || [ "$handled" -ge $((halt_us * 1000 / 5)) ]; then
        die "$handled ns to handle half of the halts of $halted ns"
    fi
}

# seconds since the first entry, by the states of each vCPU; --all of it is the wall's
times_add_up() {
    awk -F'[:,]' '
        /"type":"stat"/ { for (i = 1; i <= NF; i++) if ($i == "\"wall_ns\"") wall = $(i + 1) }
        /"type":"vcpu"/ {
            sum = 0
            for (i = 1; i <= NF; i++) if ($i ~ /(guest|kernel|vmm|halted|waiting|blocked)_ns/) sum += $(i + 1)
            if (sum > wall || sum < wall * 0.05) { print "vCPU: " sum " of " wall; bad = 1 }
            vcpus++
        }
        END { if (vcpus != 2) { print vcpus " vCPUs"; bad = 1 } exit bad }' /tmp/stat.json || die "the states do not add up"
}

# spins: a guest that only spins, in the background, as long as the test lasts; $vm is its process.
# Without a PMU: vhart then loads no programs of its own.
spins() {
    vhart run --name "$1" --cpus "${2:-1}" --memory 64M --pmu off --kernel /guests/exits.elf --append "harts=${2:-1} spin=100000000000" \
        >"$T/$1.out" 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await begin "$T/$1.out"
}

programs() { bpftool prog list | grep -c '^[0-9]'; }
# programs_are OPERATOR NUMBER
programs_are() { test "$(programs)" "$1" "$2"; }

# One second of one that runs: the states of its vCPU are that second.
a_second_is_a_second() {
    spins one
    run vhart stat -p $vm --once --json
    ends $vm
    expect_status 0
    awk -F'[:,]' '
        /"type":"stat"/ { for (i = 1; i <= NF; i++) if ($i == "\"wall_ns\"") wall = $(i + 1) }
        /"type":"vcpu"/ { for (i = 1; i <= NF; i++) if ($i ~ /(guest|kernel|vmm|halted|waiting|blocked)_ns/) sum += $(i + 1) }
        END { print sum, wall; exit !(sum > wall * 0.97 && sum < wall * 1.01) }' "$out" || die "the states do not add up"
}

# However long a start takes: what is shown begins with the first vCPU.
once_of_one_that_starts() {
    run vhart stat --once --interval 0.1 -- run --kernel /guests/spin.elf --memory 16M --timeout 30
    expect_err '^1 vCPU  '
}

# While it is stopped it waits: that is not handling, and not the VMM.
a_stopped_vm_waits() {
    spins stopped
    talk vhart stat -p $vm -i 0.2 --json
    await '"type":"vcpu"'
    kill -STOP $vm
    until_true a_table_of_waiting
    kill -CONT $vm
    ends $vm
    hang_up
}
# One that is nothing else.
a_table_of_waiting() {
    awk -F'[:,]' '
        /"type":"stat"/ { for (i = 1; i <= NF; i++) if ($i == "\"wall_ns\"") wall = $(i + 1) }
        /"type":"vcpu"/ { for (i = 1; i <= NF; i++) if ($i == "\"waiting_ns\"" && $(i + 1) > wall * 0.95) found = 1 }
        END { exit !found }' "$out"
}

# Two VMs with a vCPU 0 each, told apart, and only the one that was asked for.
two_vms() {
    spins first
    first=$vm
    spins second
    run vhart stat --all --once --json
    expect_out "\"vm\":\"first\",\"pid\":$first,.*\"vcpu\":0"
    expect_out "\"vm\":\"second\",\"pid\":$vm,.*\"vcpu\":0"
    run vhart stat --name second --once --json
    ends $first $vm
    expect_out '"vm":"second"'
    expect_no_out '"vm":"first"'
}

# One vCPU, in two threads in turn: its last exit ends with its thread. The first interval says that it is watched.
# (Where KVM has a vCPU run by another thread, 6.12 waits for all CPUs: synchronize_rcu() in kvm_vcpu_ioctl().)
a_vcpu_that_moves() {
    talk "$(dirname "$(command -v vhart)")/tests/scenarios/moves" 200
    await ready
    moves=$(sed -n 's/^ready, //p' "$out")
    vhart stat -p "$moves" -i 0.5 --json "$@" >rows 2>"$err" 3>&- &
    watcher=$!
    await '"type":"stat"' rows
    say_to x
    await moved
    hang_up
    wait $watcher
    expect_eq "vCPUs" "$(sed -n 's/.*"type":"vcpu".*"vcpu":\([0-9]*\),.*/\1/p' rows | sort -u)" 0
    expect_eq "loads" "$(sed -n 's/.*"sub":"mmio","count":\([0-9]*\),.*/\1/p' rows | awk '{ n += $1 } END { print n }')" 200
    grep '"unpaired":[1-9]' rows && die "pieces of exits"
    return 0
}

# By what a row of the table does not say.
by_device() {
    stat_of by --by mmio
    for place in 0x10000007 0x101000 0x10000; do
        grep -qE "\"sub\":\"mmio\",\"at\":\"$place( [^\"]*)?\".*\"count\":$((2 * mmio))," by || die "$place: $(cat by)"
    done
    grep -q '"at":"0x10000007 uart+0x7 (SCR)"' by || die "no device: $(cat by)"
}
by_csr() {
    stat_of by --by csr
    grep -q "\"sub\":\"csr read\",\"at\":\"cycle\".*\"count\":$((2 * csr))," by || die "$(cat by)"
}
by_function() {
    stat_of by --by pc
    grep -qE '"sub":"dbcn.console_write_byte","at":"0x80[0-9a-f]+ [a-z_]+\+0x' by || die "no names: $(cat by)"
}
# Wherever the kernel put itself.
by_function_of_linux() {
    echo 'sleep 1' >run.sh
    run vhart stat --by pc --json -o by -- run --memory 256M --kernel /guests/linux/Image --initrd /guests/linux/initrd-small \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    grep -qE '"sub":"wfi","at":"0xffffffff[0-9a-f]+ (arch_cpu_idle|default_idle)[^"]*\+0x' by || die "no names: $(grep wfi by)"
}
by_vcpu() {
    stat_of by --by vcpu
    expect_eq "calls of vCPU 1" "$(grep '"sub":"ipi.send_ipi"' by | sed -n 's/.*"vcpu":1,"count":\([0-9]*\).*/\1/p')" $calls
}

# Many intervals end within a halt, or just behind it.
no_time_is_negative() {
    echo 'sleep 8' >run.sh
    run vhart stat -i 0.05 --json -o idle -- run --memory 256M --cpus 2 --kernel /guests/linux/Image \
        --initrd /guests/linux/initrd-small --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    [ "$(grep -c '"type":"vcpu"' idle)" -ge 100 ] || die "few intervals"
    ! grep -E '_ns":1[0-9]{19}' idle || die "a time that is less than nothing"
}

# As timeout(1) sends it: to the watcher alone.
signal_ends_both() {
    for command in "stat" "record -o r -e cpu-clock" "trace -o t -e wfi"; do
        # shellcheck disable=SC2086 # its words
        talk vhart $command -- run --memory 64M --pmu off --kernel /guests/exits.elf --append "harts=1 spin=100000000000"
        await begin
        kill -TERM "$pid"
        hang_up
        expect_eq "the status of $command" "$status" 143
    done
    ! grep -la exit-log /proc/[0-9]*/cmdline || die "VMs are left"
}

# Nothing stays behind, even so; and the VM does not notice.
killed_watcher() {
    spins one
    before=$(programs)
    vhart stat -p $vm >/dev/null 2>&1 &
    watcher=$!
    until_true programs_are -gt "$before"
    kill -KILL $watcher
    wait $watcher
    until_true programs_are -eq "$before"
    kill -0 $vm || die "the VM is gone"
    ends $vm
}

# On a terminal the table is drawn anew, and keys change what it shows; at the end there is one of the whole.
live_view() {
    spins one 2
    terminal_session 2311 "stty rows 30 cols 100; TERM=xterm vhart stat -p $vm"
    await 'by time, of the last interval'
    [ "$(stty -g <"$(tty_of_session)")" != "$(cat before)" ] || die "keys are not taken one by one"
    say_to s
    await 'by count, of the last interval'
    say_to a
    await 'by count, since the start'
    say_to v
    await "^$vm/1 irq s_timer"
    say_to 'fIMER
'
    await 'only IMER'
    say_to 'f(
'
    await 'is not one'
    say_to h
    await 'q quit'
    say_to q
    end_session
    ends $vm
    expect_status 0
    expect_out 'MAX  >VMM%   HALTED'
}

# A terminal that knows no more than lines gets lines.
no_live_view() {
    spins one
    terminal_session 2312 "TERM=dumb vhart stat -p $vm --once"
    end_session
    ends $vm
    expect_status 0
    expect_no_out "$(printf '\033')"
}

t "exits are counted to the unit" counts_are_exact
t "interrupts and exceptions of the same number are told apart" interrupts_are_not_calls
t "a halt is not handling" halts_are_not_handling
t "the times of each vCPU add up" times_add_up
t "the same at tracepoints only" counts_are_exact --tier tracepoints
t "one second of a VM that runs" a_second_is_a_second
t_any "--once of a VM that is started" once_of_one_that_starts
t "a VM that is stopped is waiting" a_stopped_vm_waits
t_any "two VMs at once, and one of the two" two_vms
t "a vCPU that two threads run in turn" a_vcpu_that_moves
t "the same at tracepoints only" a_vcpu_that_moves --tier tracepoints
t_any "by device address" by_device
t_any "by CSR" by_csr
t_any "by function, of a bare-metal guest" by_function
t_any "by function, of Linux" by_function_of_linux
t_any "by vCPU" by_vcpu
t_any "short intervals of an idle Linux" no_time_is_negative
t_any "a signal ends the VM that was started, too" signal_ends_both
t "a watcher that is killed leaves nothing behind" killed_watcher
t_any "on a terminal: drawn anew, with keys" live_view
t_any "on a terminal that cannot be drawn on: lines" no_live_view
t_any "no such process" refuses 'process 999999: there is no such process' -p 999999
t_any "a process that is no VM" refuses 'process 1: it has no KVM VM' -p 1
t_any "no VM at all" refuses 'there is no VM.*start one'
t_any "no VM of that name" refuses '--name nobody: there is no such VM' --name nobody
t_any "names where no function is shown" refuses 'name what --by pc shows: add that' --guestvmlinux /guests/exits.elf
t_any "two formats at once" refuses 'exclude each other' --json --csv
t_any "two targets at once" refuses 'exclude each other' --all -p 1
