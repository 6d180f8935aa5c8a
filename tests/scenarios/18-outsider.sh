# shellcheck shell=dash
# The guest of docs/writing-a-guest.md, built in an empty folder with the installed library (tests/outsider); and how guests
# of that library fail.
# lab: hosts=any

document=/src/docs/writing-a-guest.md

# What differs from host to host: addresses and versions.
plain() { tr -d '\r' | sed 's/0x[0-9a-f]*/0x/'; }

says_what_is_written() {
    expect_status 0 vhart run --kernel /guests/my-guest.elf --memory 16M
    plain <"$out" >got
    sed -n 's/^    \(# hart .*\|ok .*\|1\.\.[0-9]*\)$/\1/p' "$document" | plain >wanted
    diff wanted got || die "its output is not that of $document"
}

# fails WORD LINE
fails() {
    expect_status 4 vhart run --kernel /guests/assertions.elf --memory 16M --append "$1=1"
    expect_out "$2"
    expect_no_out '^ok 2'
}

all_fails() {
    fails condition 'Bail out! .*assertions.c:[0-9]*: check\(bootarg\(args, "none", 0\) != 0\) does not hold'
    fails same 'Bail out! .*assertions.c:[0-9]*: check_eq\(error, SBI_SUCCESS\): 0xfffffffffffffffe \(-2\), not 0x0 \(0\)'
    fails plan '^# 2 tests were planned, and 1 made'
    fails trap '^Bail out! unexpected trap: hart 0, scause 3, sepc 0x802'
    expect_status 0 vhart run --kernel /guests/assertions.elf --memory 16M --append none=1
}

t "the guest of docs/writing-a-guest.md says what is written there" says_what_is_written
t "an assertion, a plan that is not kept and a trap end a guest with status 4, and say why" all_fails
