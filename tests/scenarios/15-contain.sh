# shellcheck shell=dash
# A guest cannot keep the machine from ending: SIGTERM and --timeout work whatever it does, and a result is written.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

ends_with() {
    tr -d ' \n' <result | grep -qF "\"end\":\"$1\"" || die "the result does not say $1: $(tr -d '\n' <result)"
}

# A far alarm once made the loop's deadline wrap: it span with the lock held, and only SIGKILL ended the machine.
far_alarm() {
    talk vhart run --kernel /guests/hostile.elf --memory 16M --result result --append alarm=1
    await 'the alarm is set'
    kill -TERM "$pid"
    hang_up
    expect_status 143
    ends_with signal
    run vhart run --kernel /guests/hostile.elf --memory 16M --result result --append alarm=1 --timeout 2
    expect_status 124
    ends_with timeout
}

t_any "an alarm at the end of time: SIGTERM and --timeout end it" far_alarm

# A pipe whose reader stopped reading: the console's bytes wait, the machine does not, and nothing is lost once it reads on.
# The reader writes what it got to read.txt when it is told to go on.
stalled_pipe() {
    mkfifo pipe go
    # shellcheck disable=SC2016
    sh -c 'exec 4<pipe; dd bs=10 count=1 <&4 >first 2>/dev/null; read -r _ <go; cat first - <&4 >read.txt' &
    reading=$!
    vhart run --kernel /guests/hostile.elf --memory 16M --result result "$@" </dev/null >pipe 2>"$err" &
    pid=$!
    last="vhart run $* into a pipe that is not read"
}

# Until a thread of process $1 stays in one and the same write(1, ...), system call 64.
await_stuck() {
    seen=none same=0
    until_true is_stuck "$1"
}
is_stuck() {
    kill -0 "$1" 2>/dev/null || die "ended before its output was full: $last"
    write=$(grep -hs '^64 0x1 ' "/proc/$1"/task/*/syscall)
    if [ "${write:-none}" = "$seen" ] && [ "$seen" != none ]; then same=$((same + 1)); else same=0; fi
    seen=${write:-none}
    [ $same -ge 5 ]
}

# Every line whole, in its order, from the first on; the number of the last one.
lines_in_order() {
    tr -d '\r' <read.txt | awk '
        /^line [0-9]+ \.+$/ { if ($2 + 0 != n) { print "line " n " is missing: " $0; bad = 1; exit 1 } n++; next }
        { rest = $0 }
        END { if (bad) exit 1; print n }'
}

stalled_goes_on() {
    stalled_pipe --append "$1=1 count=2500"
    await_stuck "$pid"
    echo go >go
    wait "$pid" || die "it ended with $?"
    wait "$reading"
    expect_eq "the lines of $1" "$(lines_in_order)" 2500
}

# Nobody reads until it has ended.
ends_by_sigterm() {
    kill -TERM "$pid"
    wait "$pid"
    status=$?
    echo go >go
    wait "$reading"
    expect_status 143
    ends_with signal
}

stalled_ends() {
    stalled_pipe --append "$1=1"
    await_stuck "$pid"
    ends_by_sigterm
    # The last one may be cut.
    sed -i '$d' read.txt
    [ "$(lines_in_order)" -gt 100 ] || die "only $(lines_in_order) lines"
}

stalled_times_out() {
    stalled_pipe --append "$1=1" --timeout 8
    wait "$pid"
    status=$?
    echo go >go
    wait "$reading"
    expect_status 124
    ends_with timeout
}

# Standard error is a pipe that is full already when the machine wants to say something.
stalled_log() {
    mkfifo pipe go
    sh -c 'exec 4<pipe; read -r _ <go; exec cat <&4' >read.txt &
    reading=$!
    exec 5>pipe
    # A pipe holds 64 KiB, unless a user has too many.
    head -c 65536 /dev/zero >&5 &
    filling=$!
    wait $filling
    last="vhart run with a standard error that is not read"
    vhart run --kernel /guests/hostile.elf --memory 16M --verbose --result result --append uart=1 \
        </dev/null >"$out" 2>&5 &
    pid=$!
    exec 5>&-
    await 'line 0000001'
    ends_by_sigterm
}

# Ctrl-S on a terminal that is not in raw mode, as input comes from elsewhere.
stopped_terminal() {
    terminal_session "$1" "vhart run --kernel /guests/hostile.elf --memory 16M --append uart=1 --result result $2 </dev/null"
    await 'line 0000001'
    printf '\023' >&3
}

terminal_stops_and_sigterm() {
    stopped_terminal 2311
    session=$(cat session.pid)
    read -r child _ <"/proc/$session/task/$session/children"
    await_stuck "$child"
    kill -TERM "$child"
    end_session
    expect_status 143
    ends_with signal
}

terminal_stops_and_timeout() {
    stopped_terminal 2312 '--timeout 8'
    end_session
    expect_status 124
    ends_with timeout
}

for way in uart byte word; do
    t_any "a pipe that is not read for a while loses nothing of a guest that prints by $way" stalled_goes_on $way
    t_any "a pipe that is not read, $way: SIGTERM ends it" stalled_ends $way
done
t_any "a pipe that is not read: --timeout ends it" stalled_times_out uart
t_any "a standard error that is not read holds nobody" stalled_log
t_any "a terminal stopped by Ctrl-S: SIGTERM ends it" terminal_stops_and_sigterm
t_any "a terminal stopped by Ctrl-S: --timeout ends it" terminal_stops_and_timeout

# A driver reads a UART until it is empty, with interrupts off. The guest has to get as far as its init all the same.
endless_input() {
    limit=300
    vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M --cpus 1 \
        </dev/zero >"$out" 2>"$err" &
    pid=$!
    last="vhart run with an input that has no end"
    await 'Run /init as init process'
    kill -INT "$pid"
    hang_up
    expect_status 130
}

t_any "input without end does not keep a guest from its work" endless_input

# Each load at an odd address of a device makes KVM print four lines.
many_odd_loads() {
    dmesg -c >/dev/null
    run vhart run --kernel /guests/hostile.elf --memory 16M --result result --append odd=1
    expect_status 5
    ends_with vcpu
    expect_eq "the lines that say so" "$(grep -c "accesses that nothing can answer.*the machine stops" "$err")" 1
    [ "$(wc -l <"$err")" -lt 120 ] || die "$(wc -l <"$err") lines on standard error"
    failures=$(dmesg | grep -c 'VCPU exit error')
    # The 257th ends the machine.
    expect_eq "the failures that KVM tells of" "$failures" 257
}

as "a few loads that KVM cannot emulate" hostile "--append 'odd=1 count=10'"
guests_pass
t "a guest cannot fill the host's kernel log with them" many_odd_loads
