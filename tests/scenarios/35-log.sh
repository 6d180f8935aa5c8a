# shellcheck shell=dash disable=SC2154
# vhart stat without privileges: the VMM's own log says what reached it, and where the time went.
# lab: hosts=any smp=2

calls=100 mmio=50
watcher=log-user

# Without a shell in between, whose end is not the program's.
as_user() {
    grep -q "^$watcher:" /etc/passwd || echo "$watcher:x:1235:1235::/tmp:/bin/sh" >>/etc/passwd
    chmod 666 /dev/kvm
    chmod 777 "$T"
    run su $watcher -c "PATH=$PATH exec $*"
}

# field FILE SUB NAME: of the line of that exit, 0 where there is none
field() {
    value=$(grep "\"sub\":\"$2\"" "$1" | sed -n "s/.*\"$3\":\([0-9]*\).*/\1/p")
    echo "${value:-0}"
}

counts_are_exact() {
    as_user vhart stat --json -o "$T/stat" -- run --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf \
        --append "'harts=2 calls=$calls mmio=$mmio'"
    expect_status 0
    expect_out 'end$'
    expect_err 'warning: only exits that reach the VMM are counted: .*: Operation not permitted: run vhart as root'
    grep -q "\"way\":\"the VMM's log\"" stat || die "$(head -n 1 stat)"
    expect_eq "calls of DBCN" "$(field stat dbcn.console_write_byte count)" $((2 * calls))
    expect_eq "calls of the vendor range" "$(field stat vendor count)" $((2 * calls))
    expect_eq "those that KVM answers" "$(field stat ipi.send_ipi count)" 0
    grep -q "\"reason\":\"load_guest_page_fault\",\"sub\":\"mmio\",\"count\":$((6 * mmio))," stat || die "reads: $(cat stat)"
    grep -q "\"reason\":\"store_guest_page_fault\",\"sub\":\"mmio\",\"count\":$((2 * mmio))," stat || die "writes: $(cat stat)"
    # It began with the VM, so no time is the longest.
    [ "$(field stat vendor min_ns)" -gt 0 ] || die "$(cat stat)"
}

# share STATE: of the time of all vCPUs in $out, in percent
share() {
    awk -v "state=\"$1_ns\"" -F'[:,]' '
        /"type":"vcpu"/ { for (i = 1; i <= NF; i++) if ($i ~ /_ns"$/ && $i != "\"t_ns\"") { sum += $(i + 1); if ($i == state) of += $(i + 1) } }
        END { printf "%d\n", sum ? 100 * of / sum : -1 }' "$out"
}

# in_background WORDS OPTIONS: a VM of that user; $vm is its process
in_background() {
    words=$1
    shift
    as_user true
    su $watcher -c "PATH=$PATH exec vhart run --cpus 2 $* --pmu off --append '$words'" >"$T/vm.out" 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await "$begins" "$T/vm.out"
}

# Both spin. How long a thread ran is known as of the last tick of its CPU, which comes late on a loaded machine: so in one
# second of several.
they_run() {
    as_user vhart stat -p "$vm" --once --json
    [ "$(grep -c '"exits":0,.*"state":"guest"' "$out")" = 2 ] && [ "$(share guest)" -ge 60 ] &&
        [ $(($(share guest) + $(share waiting))) -ge 95 ]
}

# Nothing reaches the VMM, and the time is still known.
a_guest_that_runs() {
    begins=begin
    in_background 'harts=2 spin=100000000000' --memory 64M --kernel /guests/exits.elf
    until_true they_run
    ends $vm
    expect_status 0
}

# It says "idle" before it is.
mostly_halts() { as_user vhart stat -p "$vm" --once -i 2 --json; [ "$(share halted)" -ge 80 ]; }

a_guest_that_halts() {
    begins=idle
    printf 'echo idle; sleep 1000\n' >run.sh
    in_background 'console=ttyS0 quiet' --memory 256M --kernel /guests/linux/Image --initrd /guests/linux/initrd-small \
        --inject "$T/run.sh:/run.sh"
    until_true mostly_halts
    ends $vm
    expect_status 0
}

# What only the kernel knows.
needs_more() {
    begins=begin
    in_background 'harts=1 spin=100000000000' --memory 64M --kernel /guests/exits.elf
    as_user vhart "$@" -p $vm
    ends $vm
    expect_status 1
    expect_err 'BPF.*Operation not permitted: run vhart as root'
    expect_one_line
}

vm_of_another() {
    vhart run --name other --memory 64M --pmu off --kernel /guests/exits.elf --append 'spin=100000000000' >"$T/vm.out" 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await begin "$T/vm.out"
    as_user vhart stat -p $vm --once
    ends $vm
    expect_status 2
    expect_err "process $vm: it is another user's: run vhart as root"
}

# Also with all privileges, and then without a warning.
by_choice() {
    run vhart stat --tier log --json -o stat -- run --memory 64M --pmu off --kernel /guests/exits.elf --append "calls=$calls"
    expect_status 0
    expect_no_err 'only exits that reach'
    expect_eq "calls of DBCN" "$(field stat dbcn.console_write_byte count)" $calls
}

no_descriptor() {
    run vhart run --kernel /guests/hello.elf --memory 16M --exit-log "$1"
    expect_status 125
    expect_err '--exit-log.*expected a file descriptor'
    expect_one_line
}

# A file that is none: the VM runs as well without a log.
closed_descriptor() {
    run vhart run --kernel /guests/hello.elf --memory 16M --exit-log 77
    expect_status 0
}

# hostile_log KIND STATUS: what stat makes of a VM with such a log; it ends by itself, in its own time
hostile_log() {
    kind=$1 wanted=$2
    mkfifo input
    "$(dirname "$(command -v vhart)")/tests/scenarios/hostile_log" "$kind" <input >"$T/vm.out" 2>&1 &
    vm=$!
    pid=$vm
    exec 4>input
    await ready "$T/vm.out"
    limit=30
    run vhart stat -p $vm --tier log --once
    exec 4>&-
    wait $vm
    expect_status "$wanted"
}

no_log() {
    hostile_log "$1" 1
    expect_err 'tier log'
    expect_one_line
    [ ! -s "$out" ] || die "and a table: $(cat "$out")"
}

# Nothing of it can be read whole.
busy_log() {
    hostile_log busy 0
    expect_no_out '[0-9]{10}'
}

t "exits that reach the VMM are counted to the unit" counts_are_exact
t "a guest that never leaves for the VMM runs all the time" a_guest_that_runs
t "an idle guest is halted" a_guest_that_halts
t "exits by pc need more" needs_more stat --once --by pc
t "vhart trace needs more" needs_more trace
t "the VM of another user" vm_of_another
t "--tier log" by_choice
t "--exit-log 1: refused" no_descriptor 1
t "--exit-log of a file that is not open" closed_descriptor
t "another process's log without counts is refused" no_log head
t "another process's log that could shrink is refused" no_log shrinks
t "another process's log that is always being changed is not awaited" busy_log
