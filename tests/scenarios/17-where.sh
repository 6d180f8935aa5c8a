# shellcheck shell=dash
# Where the guest was: what vhart says when a guest fails, does not end or is asked for, and --result.
# lab: hosts=6.12,7.2 mmu=sv57

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
    lost spin 124 --timeout 12 --cpus 2
    expect_err '^vhart: --timeout: where the harts are:$'
    expect_err '^vhart: hart 0: running in S-mode at pc 0x802[0-9a-f]+ \(spin_here\+0x[0-9a-f]+\), ra 0x.*; last trap: scause 0x0 \(.*\), sepc 0x0, stval 0x0$'
    expect_err '^vhart: hart 1: stopped '
    result_has '"end":"timeout"' '"cause":null' '"harts":[{"hart":0,"state":"running","mode":"S","pc":"0x802' \
        '"pc_symbol":"spin_here+0x' '{"hart":1,"state":"stopped"'
}

# It may be on its way there when it is asked first.
asked_halts() {
    kill -QUIT "$pid"
    usleep 200000
    has_line '^vhart: hart 0: halted \(WFI\) in S-mode at pc 0x802[0-9a-f]+ \(halt_here\+0x' "$err"
}

halted() {
    talk vhart run --kernel /guests/lost.elf --memory 16M --append halt=1 --result "$T/result"
    await 'lost: halt'
    until_true asked_halts
    kill -TERM "$pid"
    hang_up
    expect_err '^vhart: hart 0: waits for an interrupt; enabled: none; .*: nothing can wake it$'
    result_has '"state":"halted"' '"enabled":[]'
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
    talk vhart run --kernel /guests/lost.elf --memory 16M --append nothing=1
    await 'hart 0: read of 4 bytes at 0x200020: nothing there' "$err"
    kill -TERM "$pid"
    hang_up
    expect_status 143
    expect_eq "reports" "$(grep -c '^vhart: an access to nothing: where the harts are:$' "$err")" 1
    expect_err '^vhart: hart 0: running in S-mode at pc 0x802[0-9a-f]+ \(nothing\+0x'
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

# It may have something to do when it is asked first.
idles() {
    kill -QUIT "$pid"
    usleep 200000
    has_line 'hart 1: called from .*do_idle\+0x[0-9a-f]+, cpu_startup_entry\+0x' "$err"
}

# The kernel's own names; it moved itself (KASLR).
linux_idles() {
    talk vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd-small --memory 128M --append 'quiet sysrq_always_enabled' \
        --cpus 2 --control ./control
    await 'guest:'
    until_true idles
    expect_err 'hart 1: halted .*in S-mode at pc 0xffffffff[0-9a-f]+ \([a-z_]+\+0x'
    vhart ctl ./control sysrq t || die 'sysrq'
    await 'sysrq: Show State'
    vhart ctl ./control dump ./core || die 'dump'
    for word in OSRELEASE= va_kernel_pa_offset; do
        grep -q "$word" core || die "the dump has no VMCOREINFO with $word"
    done
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
    result_has '"pc_symbol":"' '"hart":1' '"symbol":"panic+0x'
}

t_any "--timeout: each hart's place and state, in the result too" at_time_out
t "SIGQUIT: a hart that waits for an interrupt" halted
t_any "a program for machine mode: one line says what it is, and the VM ends" machine_mode
t "a trap handler that traps: the VM ends" trap_loop handler '[0-9a-f]+' '0x2 \(illegal instruction\)'
t "a trap handler that is nowhere: the VM ends" trap_loop hole 200000 '0x(1 \(instruction access fault|3 \(breakpoint)\)'
t_any "an access to nothing: where the harts are, once" nothing_there
t_any "SIGQUIT: where the harts are, and the guest goes on" on_sigquit
t_any "a Linux kernel: names on SIGQUIT, SysRq, and a dump" linux_idles
t_any "a panic: where the harts were" linux_panics
