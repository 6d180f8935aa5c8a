# shellcheck shell=dash
# The forward: SBI calls and counter reads that KVM keeps to itself get to vhart all the same.
# lab: hosts=6.12,7.2 smp=2

echo_guest() {
    run vhart run --kernel /guests/forward.elf --memory 64M --timeout 300 "$@"
}

one_warning() { expect_eq "the number of warnings" "$(grep -c warning: "$err")" 1; }

# All that the guest tests, and nothing to say about it.
answers() {
    echo_guest --cpus 4 --append "calls=$1" --sbi-echo "$2"
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^ok [0-9]+ - each of'
    expect_no_err warning
}

# The same with strangers' signals, moves between CPUs, and stops.
disturbed() {
    limit=400
    talk vhart run --kernel /guests/forward.elf --memory 64M --timeout 380 --cpus 4 --append "calls=$1" --sbi-echo "$2"
    await '^ok 1 '
    /src/build/riscv64/tests/bench/disturb "$(pidof vhart)" >rounds
    hang_up
    expect_eq "the exit status" "$status" 0
    expect_no_out '^not ok'
    expect_out '^ok [0-9]+ - each of'
    [ "$(sed 's/ .*//' rounds)" -ge 1 ] || die "nothing was disturbed"
}

# Another process's VM makes the same calls: they are not ours.
two_machines() {
    vhart run --kernel /guests/forward.elf --memory 64M --timeout 200 --cpus 2 --append calls=3000 --sbi-echo auto >other 2>&1 &
    echo_guest --cpus 2 --append calls=3000 --sbi-echo auto
    wait $!
    expect_status 0
    expect_no_out '^not ok'
    ! grep -q '^not ok' other || die "the other VM: $(grep '^not ok' other)"
    grep -qE '^ok [0-9]+ - each of' other || die "the other VM did not come to its end"
}

# refused ERROR WHY WAY-OUT: bpf() fails with ERROR; the guest has KVM's answers and runs on, the user has one line.
refused() {
    run strace -f -o trace -e trace=bpf -e "inject=bpf:error=$1" \
        vhart run --kernel /guests/bench.elf --memory 64M --timeout 60 --append forward=10 --sbi-echo auto
    expect_status 0
    expect_out '^forward '
    one_warning
    expect_err "SBI calls that KVM keeps to itself do not get here: .*: $2: .*$3"
}

# Nothing advises it, as vhart opens its users' files; but these capabilities are enough. A copy: /src keeps no capabilities.
capabilities() {
    cp "$(command -v vhart)" vhart
    setcap cap_bpf,cap_perfmon+ep vhart
    chmod 755 . vhart
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    mode=$(stat -c %a /dev/kvm)
    chmod 666 /dev/kvm
    run start-stop-daemon -S -c nobody -x "$T/vhart" -- \
        run --kernel /guests/forward.elf --memory 64M --timeout 110 --cpus 2 --append calls=100 --sbi-echo auto
    chmod "$mode" /dev/kvm
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^ok [0-9]+ - each of'
    expect_no_err warning
}

# Root switches the function tracer off under the running guest.
tracer_off() {
    talk vhart run --kernel /guests/forward.elf --memory 64M --timeout 100 --cpus 2 --append 'calls=100000000 reads=0' \
        --sbi-echo auto
    await '^ok 16 '
    echo 0 >/proc/sys/kernel/ftrace_enabled
    await 'do not get here any more' "$err"
    hang_up
    echo 1 >/proc/sys/kernel/ftrace_enabled
    expect_out '^not ok [0-9]+ - each of'
    one_warning
}

t "calls of 4 harts, each answered" answers 8000 auto
t "the same at the tracepoints" answers 8000 tracepoints
t "disturbed by signals, moves and stops" disturbed 4000 auto
t "the same at the tracepoints" disturbed 2500 tracepoints
t "of two machines, each gets its own" two_machines
t "without permission for BPF" refused EPERM 'Operation not permitted' 'run vhart as root'
t "with cap_bpf and cap_perfmon alone" capabilities
t_any "on a kernel without BPF" refused ENOSYS 'Function not implemented' CONFIG_BPF_SYSCALL
t_any "with too few files" refused EMFILE 'Too many open files' 'ulimit -n'
t_any "without memory for maps" refused ENOMEM 'Cannot allocate memory' 'ulimit -l'
t_any "on a kernel without types" refused ESRCH:when=4+ 'No such process' CONFIG_DEBUG_INFO_BTF_MODULES
t "the function tracer is switched off under a running guest" tracer_off
