# shellcheck shell=dash
# vhart test: from guests and scripts to verdicts, and what it does with wrong input.
# lab: hosts=any

# as NAME GUEST [OPTIONS]: a test of the folder tests
as() {
    mkdir -p tests
    ln -s "/guests/$2.elf" "tests/$1"
    [ -z "${3:-}" ] || echo "$3" >"tests/$1.opts"
}

# Each way to end, in one run; what each is called in the output is all that is looked at.
verdicts() {
    as a-said-nothing hello
    as b-finisher-pass verdict "--append finisher=21845"
    as c-finisher-7 verdict "--append finisher=471859"
    as d-reset reboot
    as e-failure panic
    as f-reserved verdict "--append reason=2"
    as g-srst-9 verdict "--append reason=3758096393"
    as h-loops spin "--timeout 1"
    as i-floods hostile "--append uart=1 --timeout 1"
    as j-no-room hello "--memory 16M --cpus 2 --initrd /nowhere"
    as k-known panic
    as l-htif-pass htif "--append write=1"
    as m-htif-1337 htif "--append 'write=1 status=1337'"
    as n-riscv-test-passes riscv_test_passes
    as o-riscv-test-fails riscv_test_fails
    as p-riscv-test-traps riscv_test_traps
    as q-riscv-test-supervisor riscv_test_supervisor
    echo text >tests/README
    echo "k-known it is broken" >known
    run vhart test --quarantine known --keep kept --junit xml tests -- --memory 16M
    expect_status 1
    while read -r line; do
        grep -qxF "$line" "$out" || die "no line '$line'"
    done <<'LINES'
1..17
ok 1 - tests/a-said-nothing
ok 2 - tests/b-finisher-pass
not ok 3 - tests/c-finisher-7
# status 7
not ok 4 - tests/d-reset
# reset
not ok 5 - tests/e-failure
# ended with a system failure
not ok 6 - tests/f-reserved
# the guest panicked: reserved
not ok 7 - tests/g-srst-9
# status 9
not ok 8 - tests/h-loops
# timed out
not ok 9 - tests/i-floods
ok 10 - tests/j-no-room
not ok 11 - tests/k-known # TODO it is broken
ok 12 - tests/l-htif-pass
not ok 13 - tests/m-htif-1337
# status 1337
ok 14 - tests/n-riscv-test-passes
not ok 15 - tests/o-riscv-test-fails
# status 3
not ok 16 - tests/p-riscv-test-traps
# status 670
ok 17 - tests/q-riscv-test-supervisor
LINES
    expect_out '^#   by the proxy'
    expect_out '^#   by the console'
    # On a slow machine the one that loops may not have come to its loop; those that failed say where, too.
    expect_out '^# hart 0: running in S-mode at pc 0x[0-9a-f]* \([a-z_]+\+0x[0-9a-f]+\), ra 0x'
    expect_out '^# 6 passed, 10 failed, 0 skipped, 1 known failures, in '
    [ "$(wc -c <kept/009-tests_i-floods.console)" -le 140000 ] || die "a flood was kept"
    grep -q '<testsuite name="vhart test" tests="17" failures="10" errors="0" skipped="1"' xml || die "JUnit: $(head -n 2 xml)"
    grep -q '<failure message="status 7">' xml || die "no failure in JUnit's"
}

# Its status comes whole, whatever it is, and not from the console's words.
scripts() {
    echo 'echo EXIT: STATUS=1; exit 255' >fails.sh
    printf '#!/bin/sh\necho 1..1; echo ok 1 - in Linux; exit 0\n' >passes
    echo 'error("no")' >raises.lua
    echo 'print("1..1") print("not ok 1 - x")' >tap.lua
    expect_status 1 vhart test fails.sh passes raises.lua tap.lua -- --kernel /guests/linux/Image --initrd /guests/linux/initrd-small --memory 256M
    expect_out '^not ok 1 - fails.sh'
    expect_out '^# status 255'
    expect_out '^ok 2 - passes'
    expect_out '^not ok 3 - raises.lua'
    expect_out '^# vhart: raises.lua:1: no'
    expect_out '^not ok 4 - tap.lua'
    expect_out '^# 1 of 1 tests failed; status 0'
}

refused() {
    pattern=$1
    shift
    expect_status 2 vhart test "$@"
    expect_err "$pattern"
    [ ! -s "$out" ] || die "something on standard output: $last"
}
refusals() {
    echo true >a.sh
    refused '--shard 3/2: expected I/N' --shard 3/2 /guests/hello.elf
    refused 'none.elf: No such file' none.elf
    refused 'out is no test: expected' out
    refused 'a.sh is a shell script, which takes a Linux guest' a.sh
    refused 'unknown option --cups: did you mean --cpus' /guests/hello.elf -- --cups 2
    refused '--result cannot be given here' /guests/hello.elf -- --result x
    refused 'nothing to test'
    mkdir empty
    expect_status 3 vhart test empty
    expect_err 'empty: there is no test in this folder'
    expect_out '^1\.\.0'
    expect_status 125 vhart test --junit /dev/full /guests/hello.elf
    expect_err '--junit /dev/full: No space left'
    expect_status 125 sh -c 'vhart test /guests/hello.elf >/dev/full'
    expect_err 'standard output: No space left'
}

# What runs is ended, and what was known is said. (busybox's timeout becomes the program that it limits.)
has_children() { [ "$(children "$pid" 2>/dev/null | wc -w)" = "$1" ]; }
interrupted() {
    talk vhart test --jobs 2 --timeout 100 /guests/hello.elf /guests/spin.elf /guests/spin.elf -- --memory 16M
    await '^ok 1'
    until_true has_children 2
    tests=$(children "$pid")
    kill -INT "$pid"
    hang_up
    expect_status 130
    expect_out '^Bail out! interrupted by signal 2'
    expect_no_out 'ok 2'
    for test in $tests; do [ ! -e "/proc/$test" ] || die "process $test is left"; done
}

t "guests: each way to end has its verdict" verdicts
t "scripts: the exit status, exactly" scripts
t "what is refused, and what cannot be written" refusals
t "SIGINT: its machines are ended, the output bails out" interrupted
