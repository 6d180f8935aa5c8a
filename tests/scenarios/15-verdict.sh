# shellcheck shell=dash
# What the guest says about its own end: vhart's exit status, and --result.
# lab: hosts=any

result_has() {
    for pair; do
        tr -d ' \n' <"$T/result" | grep -qF "$pair" || die "the result has no $pair: $(tr -d '\n' <"$T/result")"
    done
}

# script_ends SCRIPT STATUS GUEST-STATUS
script_ends() {
    guest "$1" --result "$T/result"
    expect_status "$2"
    result_has '"end":"poweroff"' "\"status\":$2" "\"guest_status\":$3" \
        '"srst":{"type":"shutdown","reason":0,"reason_name":"none"}'
}

# bare ARGUMENTS STATUS [PAIR...]
bare() {
    arguments=$1 wanted=$2
    shift 2
    run vhart run --kernel /guests/verdict.elf --memory 16M --on-reboot exit --append "$arguments" --result "$T/result"
    expect_status "$wanted"
    result_has "$@"
}

# An initrd that is not ours says it by two commands of busybox.
by_hand() {
    guest 'devmem 0x100000 32 0x163333; sleep 60' --result "$T/result"
    expect_status 22
    result_has '"end":"poweroff"' '"guest_status":22' '"srst":null'
}

panic_wins() {
    guest 'devmem 0x100004 32 7; echo c >/proc/sysrq-trigger' --result "$T/result"
    expect_status 4
    result_has '"end":"panic"' '"guest_status":7'
}

of_the_last_life() {
    truncate -s 1M disk
    guest 'if grep -qa again /dev/vda; then exit 0; fi
        echo again | dd of=/dev/vda conv=fsync 2>/dev/null
        devmem 0x100004 32 7
        reboot -f
        sleep 60' --disk disk --result "$T/result"
    expect_status 0
    result_has '"boots":2' '"guest_status":0'
}

# timeout(1) and env(1) say 125 for what is their own, and so does vhart around a VM.
around_a_run() {
    expect_status 7 vhart stat -- run --kernel /guests/verdict.elf --memory 16M --append status=7
    expect_status 125 vhart stat --json --csv -- run --kernel /guests/verdict.elf --memory 16M
    expect_status 125 vhart stat --no-such-option -- run --kernel /guests/verdict.elf --memory 16M
    expect_status 125 vhart stat -- run --kernel /nowhere/kernel
}

t "a script that succeeds: status 0" script_ends 'true' 0 0
t "a script that fails with 7: status 7" script_ends 'exit 7' 7 7
t "a script that fails with 1: status 1, which is no failure of vhart's" script_ends 'exit 1' 1 1
t "a script that fails with one of vhart's statuses: 123" script_ends 'exit 124' 123 124
t "a script that was not found: 123" script_ends 'no-such-program' 123 127
t "a guest that writes the finisher by hand" by_hand
t "a panic counts more than a status" panic_wins
t "a status is of the last life" of_the_last_life
t "SRST with a vendor's reason: its status" bare 'reason=3758096391' 7 '"end":"poweroff"' '"guest_status":7' \
    '"srst":{"type":"shutdown","reason":3758096391,"reason_name":"vendor"}'
t "SRST with a reserved reason: a failure" bare 'reason=2' 4 '"end":"panic"' '"guest_status":null' '"reason":2,"reason_name":"reserved"'
t "SRST for a warm reboot: status 3, and the type in the result" bare 'type=2' 3 '"end":"reset"' '"srst":{"type":"warm-reboot","reason":0'
t "the status register, then SRST" bare 'status=9' 9 '"guest_status":9' '"srst":{"type":"shutdown"'
t "the finisher says pass" bare 'status=9 finisher=21845' 0 '"guest_status":0' '"srst":null'
t "the finisher says fail, with 7" bare 'finisher=471859' 7 '"guest_status":7' '"srst":null'
t "the finisher says fail, without a status: 4" bare 'finisher=13107' 4 '"end":"panic"'
t "the finisher says reset" bare 'finisher=30583' 3 '"end":"reset"'
t "vhart stat -- run: the guest's status, and 125 for what is vhart's own" around_a_run
