# shellcheck shell=dash disable=SC2154
# vhart stat of a VM that waits for ever: its vCPUs are there. And of what is no VM that can be watched: one line, status 2.
# lab: hosts=6.12,7.2

# shellcheck source=tests/scenarios/stat.sh
. "$here/stat.sh"

# sleeper: hart 0 is in WFI for longer than this lab lives, hart 1 is stopped; $vm is its process
sleeper() {
    vhart run --name sleeper --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf --append 'halts=1 us=100000000000' \
        >guest 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await begin guest
    until_true both_are S
}

# both_are LETTER: both of its vCPUs' threads are in that state
both_are() {
    in_it=$(for task in "/proc/$vm/task/"*; do
        case $(cat "$task/comm") in vcpu*) sed 's/.*) \(.\).*/\1/' "$task/stat" ;; esac
    done | grep -c "$1")
    [ "$in_it" = 2 ]
}

# vcpu N: what the JSON says of it
vcpu() { grep "\"type\":\"vcpu\".*\"vcpu\":$1," "$out"; }

they_are_shown() {
    sleeper
    run vhart stat -p "$vm" --once --json "$@"
    expect_status 0
    expect_eq vCPUs "$(grep -c '"type":"vcpu"' "$out")" 2
    vcpu 0 | grep -q '"state":"halted","in":"halted","in_ns":[1-9]' || die "hart 0: $(vcpu 0)"
    vcpu 1 | grep -q '"state":"blocked","in":"stopped","in_ns":[1-9]' || die "hart 1: $(vcpu 1)"
    # All of the time that was looked at.
    vcpu 0 | grep -q '"halted_ns":[1-9]' || die "$(vcpu 0)"
    [ -n "$no_pc" ] || vcpu 0 | grep -q '"pc":"0x80[0-9a-f]*"' || die "no pc: $(vcpu 0)"
    ends "$vm"
}

as_a_table() {
    sleeper
    run vhart stat -p "$vm" --once
    ends "$vm"
    expect_out '^sleeper +[0-9]+ +0 .* 100\.0 .*halted [0-9.]+(ms|s) at 0x80[0-9a-f]+$'
    expect_out '^sleeper +[0-9]+ +1 .* 100\.0 .*stopped [0-9.]+(ms|s)'
}

# A VMM that is stopped by a signal waits, whatever its vCPUs did.
one_that_is_stopped() {
    sleeper
    kill -STOP "$vm"
    until_true both_are T
    run vhart stat -p "$vm" --once --json
    kill -CONT "$vm"
    ends "$vm"
    vcpu 0 | grep -q '"state":"waiting","in":"stopped by a signal"' || die "$(vcpu 0)"
}

# What they do when they wake goes on in the same rows.
they_wake() {
    sleeper
    vhart stat -p "$vm" --json -i 0.2 >rows 2>&1 &
    watcher=$!
    await '"type":"vcpu"' rows
    kill -STOP "$vm"
    kill -CONT "$vm"
    ends "$vm"
    wait $watcher
    expect_eq rows "$(grep '"type":"vcpu"' rows | sed 's/.*"vcpu":\([0-9]*\),.*/\1/' | sort -u | tr '\n' ' ')" '0 1 '
}

# The thread of a vCPU names its VM.
by_thread() {
    sleeper
    thread=$(grep -l vcpu1 "/proc/$vm/task/"*/comm | sed 's|.*/task/\([0-9]*\)/.*|\1|')
    run vhart stat -p "$thread" --once --json
    ends "$vm"
    expect_status 0
    expect_out "\"type\":\"vcpu\",\"vm\":\"sleeper\",\"pid\":$vm,"
}

one_that_has_ended() {
    sleeper
    ends "$vm"
    refuses "process $vm: there is no such process" -p "$vm" --once
}

# Its own line is enough, and its status.
one_that_does_not_start() {
    run vhart stat -- run --kernel /nonexistent
    expect_eq status "$status" "$(vhart run --kernel /nonexistent 2>/dev/null; echo $?)"
    expect_err '/nonexistent'
    expect_one_line
    [ ! -s "$out" ] || die "$(cat "$out")"
}

as_csv() {
    run vhart stat --csv -o csv -- run --name csv --memory 64M --pmu off --kernel /guests/exits.elf --append 'calls=3 harts=1'
    expect_status 0
    # Of the guest's state also how often it ran, and how long each time.
    expect_eq "the guest's state" "$(grep -c '^[0-9]*,state,guest,,[0-9]*,0,[0-9]*,,[0-9]*,,,[0-9]*,[0-9]*,[0-9]*,[0-9]*,csv$' csv)" 1
    expect_eq "other states" "$(grep -c '^[0-9]*,state,[a-z]*,,[0-9]*,0,,,[0-9]*,,,,,,,csv$' csv)" 5
    grep -q '^[0-9]*,sbi,hsm.hart_get_status,,,,3,' csv || die "$(cat csv)"
    expect_eq "columns" "$(awk -F, '{ print NF }' csv | sort -u)" 16
}

no_pc=
t "vCPUs that sleep are shown: since when, and where" they_are_shown
t "the same at tracepoints only" they_are_shown --tier tracepoints
no_pc=1
t "the same by perf's events, but not where" they_are_shown --tier perf
no_pc=
t_any "in the table" as_a_table
t "a VM that is stopped by a signal" one_that_is_stopped
t_any "vCPUs that wake" they_wake
t "a vCPU's thread stands for its VM" by_thread
t_any "a VM that has ended" one_that_has_ended
t_any "a VM that does not start: its own line, its status, no table" one_that_does_not_start
t_any "--all, and there is none" refuses 'no VM ran meanwhile' --all --once
t_any "the states of vCPUs, as CSV" as_csv
