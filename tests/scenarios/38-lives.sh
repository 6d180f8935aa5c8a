# shellcheck shell=dash disable=SC2154
# vhart stat of a VM that resets: a row for each vCPU over all its lives, and each reset counted once.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

resets=4 limit=300

# lives CPUS OPTIONS: a guest that resets so often and then powers off, in the file stat
lives() {
    cpus=$1
    shift
    talk vhart stat --json -o stat "$@" -- run --cpus "$cpus" --memory 32M --pmu off --kernel /guests/reboot.elf \
        --append "asks=1 harts=$cpus" --result result
    life=1
    while [ $life -le $((resets + 1)) ]; do
        until_true has_lines $life boot
        if [ $life -gt $resets ]; then say_to q; else say_to r; fi
        life=$((life + 1))
    done
    hang_up
    expect_status 0
    expect_no_out 'not fresh'
}

# of SUB NAME: what the line of that call has
of() {
    value=$(sed -n "s/.*\"reason\":\"sbi\",\"sub\":\"$1\".*\"$2\":\([0-9]*\).*/\1/p" stat)
    echo "${value:-0}"
}

# rows CPUS: the vCPUs that there should be
rows() { expect_eq vCPUs "$(sed -n 's/.*"type":"vcpu".*"vcpu":\([0-9]*\),.*/\1/p' stat | sort | tr '\n' ' ')" "$(seq -s ' ' 0 $(($1 - 1))) "; }

one_row_each() {
    lives "$@"
    rows "$1"
    expect_eq resets "$(of srst.system_reset count)" $((resets + 1))
}

# By perf's events an SBI call is one like another: boot, end, and one for each other hart, in each life.
by_perf() {
    lives "$1" --tier perf
    rows "$1"
    expect_eq calls "$(of '' count)" $(((resets + 1) * ($1 + 1)))
}

lines_of_resets() {
    talk vhart trace -o trace -e sbi -- run --memory 32M --pmu off --kernel /guests/reboot.elf --append 'asks=1'
    await boot
    say_to r
    until_true has_lines 2 boot
    say_to q
    hang_up
    expect_eq "lines of resets" "$(grep -c 'srst.system_reset(.*<unfinished' trace)" 2
}

# between_lives OPTIONS: stat comes when there is no VM, and the next life is what it sees. Such a moment is short: the
# VM is stopped in it.
between_lives() {
    vhart run --name again --memory 32M --pmu off --kernel /guests/reboot.elf >guest 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await boot guest
    until_true stopped_without_vm
    vhart stat -p "$vm" --json -i 0.2 "$@" >rows 2>"$err" &
    watcher=$!
    pid=$watcher
    await '"type":"stat"' rows
    kill -CONT "$vm"
    await '"type":"vcpu".*"vcpu":0,' rows
    ends "$watcher"
    run vhart stat -p "$vm" --once --json
    ends "$vm"
    expect_status 0
    expect_eq vCPUs "$(grep -c '"type":"vcpu"' "$out")" 1
}

# In one moment of several.
stopped_without_vm() {
    for _ in 1 2 3 4 5; do
        kill -STOP "$vm" || return
        # shellcheck disable=SC2010
        ls -l "/proc/$vm/fd" | grep -qE 'kvm-v(m|cpu)' || return 0
        kill -CONT "$vm"
    done
    false
}

t "1 vCPU, at functions" one_row_each 1 --tier functions
t_any "2 vCPUs, at functions" one_row_each 2 --tier functions
t "2 vCPUs, at tracepoints" one_row_each 2 --tier tracepoints
t "2 vCPUs, by perf's events" by_perf 2
t_any "2 vCPUs, by the VMM's log" one_row_each 2 --tier log
t "vhart trace: a line for each" lines_of_resets
t "between two lives" between_lives
t_any "between two lives, by the VMM's log" between_lives --tier log
