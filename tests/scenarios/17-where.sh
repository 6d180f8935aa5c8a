# shellcheck shell=dash
# Where the guest was: what vhart says when a guest fails, does not end or is asked for, and --result.
# lab: hosts=6.12,7.2

result_has() {
    for pair; do
        tr -d ' \n' <"$T/result" | grep -qF "$pair" || die "the result has no $pair: $(tr -d '\n' <"$T/result")"
    done
}

# lost WAY STATUS OPTIONS
lost() {
    way=$1 wanted=$2
    shift 2
    run vhart run --kernel /guests/lost.elf --memory 16M --append "$way=1" --result "$T/result" "$@"
    expect_status "$wanted"
}

at_time_out() {
    lost spin 124 --timeout 2 --cpus 2
    expect_err '^vhart: --timeout: where the harts are:$'
    expect_err '^vhart: hart 0: running in S-mode at pc 0x802[0-9a-f]+ \(spin_here\+0x[0-9a-f]+\), ra 0x.*; last trap: scause 0x0 \(.*\), sepc 0x0, stval 0x0$'
    expect_err '^vhart: hart 1: stopped '
    result_has '"end":"timeout"' '"cause":null' '"harts":[{"hart":0,"state":"running","mode":"S","pc":"0x802' \
        '"pc_symbol":"spin_here+0x' '{"hart":1,"state":"stopped"'
}

halted() {
    lost halt 124 --timeout 2
    expect_err '^vhart: hart 0: halted \(WFI\) in S-mode at pc 0x802[0-9a-f]+ \(halt_here\+0x'
    result_has '"state":"halted"'
}

machine_mode() {
    lost machine 4 --timeout 60
    expect_err 'hart 0 trapped before it had a trap handler, and uses mhartid at 0x802[0-9a-f]+: this is a program for machine mode'
    expect_err 'hart 0: running in S-mode at pc 0x0'
    result_has '"end":"panic"' '"cause":"machine-mode-program"'
}

trap_loop() {
    lost "$1" 4 --timeout 60
    expect_err "hart 0 traps in its trap handler \\(stvec 0x$2\\) for ever"
    expect_err "hart 0: .*last trap: scause $3"
    result_has '"end":"panic"' '"cause":"endless-trap"'
}

nothing_there() {
    lost nothing 124 --timeout 3
    expect_err 'hart 0: read of 4 bytes at 0x200020: nothing there'
    expect_err '^vhart: an access to nothing: where the harts are:$'
    expect_eq "reports" "$(grep -c 'hart 0: running' "$err")" 2
}

# What EDK2 does first: a jump over the header of its firmware volume, and a read of its flash.
edk2() {
    { printf '\157\0\0\004'; head -c 36 /dev/zero; printf _FVH; head -c 20 /dev/zero
        printf '\267\002\0\040\003\243\002\002\157\0\0\0'; } >firmware
    run vhart run --firmware firmware --memory 16M --timeout 2
    expect_status 124
    expect_err 'read of 4 bytes at 0x20000020: nothing there'
    expect_err 'this firmware is EDK2, .*take U-Boot'
}

on_sigquit() {
    talk vhart run --kernel /guests/lost.elf --memory 16M --cpus 2 --result "$T/result"
    await 'lost: spin'
    kill -QUIT "$pid"
    await 'SIGQUIT: where the harts are' "$err"
    await 'hart 0: running in S-mode at pc 0x802[0-9a-f]+ \(spin_here' "$err"
    await 'hart 1: stopped' "$err"
    kill -QUIT "$pid"
    until_true has_lines 2 'hart 1: stopped' "$err"
    kill -TERM "$pid"
    hang_up
    expect_status 143
    result_has '"end":"signal"' '"pc_symbol":"spin_here+0x'
}

# The kernel's own names; it moved itself (KASLR).
linux_idles() {
    talk vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd-small --memory 128M --append quiet --cpus 2
    await 'guest:'
    kill -QUIT "$pid"
    await 'hart 1: (halted|running) .*in S-mode at pc 0xffffffff[0-9a-f]+ \([a-z_]+' "$err"
    say_to 'poweroff -f
'
    hang_up
    expect_status 0
    expect_err 'last trap: scause 0x[0-9a-f]+ \(.*\), sepc 0x'
}

linux_panics() {
    guest 'echo c >/proc/sysrq-trigger' --result "$T/result" --cpus 2
    expect_status 4
    expect_err '^vhart: the guest failed: where the harts are:$'
    result_has '"pc_symbol":"' '"hart":1'
}

t "--timeout: each hart's place and state, in the result too" at_time_out
t "--timeout: a hart that waits for an interrupt" halted
t "a program for machine mode: one line says what it is, and the VM ends" machine_mode
t "a trap handler that traps: the VM ends" trap_loop handler '[0-9a-f]+' '0x2 \(illegal instruction\)'
t "a trap handler that is nowhere: the VM ends" trap_loop hole 200000 '0x(1 \(instruction access fault|3 \(breakpoint)\)'
t "an access to nothing: where the harts are, once" nothing_there
t "EDK2 as firmware: a line says that it cannot run, and what can" edk2
t "SIGQUIT: where the harts are, and the guest goes on" on_sigquit
t "SIGQUIT: names of a Linux kernel" linux_idles
t "a panic: where the harts were" linux_panics
