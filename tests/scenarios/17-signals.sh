# shellcheck shell=dash
# The process's surroundings: every signal, closed descriptors, limits, a terminal of another job.
# lab: hosts=any

quiet_guest="vhart run --kernel /guests/hostile.elf --memory 16M --result result --append alarm=1"

result_says() {
    tr -d ' \n' <result | grep -qF "$1" || die "the result does not say $1: $(tr -d '\n' <result)"
}

start_quiet() {
    # shellcheck disable=SC2086
    talk $quiet_guest "$@"
    await 'the alarm is set'
}

# talk's $pid is vhart itself: busybox's timeout executes it, and watches from beside.
# Of those that would kill by default and are no fault, which one table has: by number, as busybox knows not all names.
ends_by() {
    for number in 1 2 10 14 15 24 34 64; do
        rm -f result
        start_quiet
        kill "-$number" "$pid"
        hang_up
        expect_eq "the status after signal $number" "$status" $((128 + number))
        result_says '"end":"signal"'
        result_says "\"signal\":$number"
    done
}

ignored() {
    start_quiet
    for number in 13 17 18 23 25 28; do kill "-$number" "$pid"; done
    kill -15 "$pid"
    hang_up
    expect_status 143
}

nohup_is_heeded() {
    # shellcheck disable=SC2086
    trap '' HUP
    start_quiet
    kill -1 "$pid"
    # A signal that came before this one would be taken before it.
    kill -15 "$pid"
    hang_up
    expect_status 143
}

child_of_session() {
    session=$(cat session.pid)
    read -r child _ <"/proc/$session/task/$session/children"
}

terminal_after() {
    terminal_session "$1" "$quiet_guest"
    await 'the alarm is set'
    child_of_session
    [ "$(stty -g <"$(tty_of_session)")" != "$(cat before)" ] || die "the terminal is not raw"
    kill "-$2" "$child"
    end_session
    expect_status $((128 + $2))
}

# terminal OPERATOR: what its settings are to those before
terminal() { test "$(stty -g <"$(tty_of_session)")" "$1" "$(cat before)"; }

stops_and_goes_on() {
    terminal_session 2323 "$quiet_guest"
    await 'the alarm is set'
    child_of_session
    until_true terminal !=
    kill -TSTP "$child"
    until_true terminal =
    until_true has_line '^State:.T' "/proc/$child/status"
    kill -CONT "$child"
    until_true terminal !=
    printf '\001x' >&3
    end_session
    expect_status 130
}

# A job in the background of a shell with job control, a terminal that stops background output, and keys typed.
in_the_background() {
    terminal_session 2324 "stty tostop; set -m; $quiet_guest --timeout 5 & wait \$!"
    await 'the alarm is set'
    printf 'typed\r' >&3
    # The status is that of wait; tostop is this test's own.
    session_ends
    expect_status 124
    result_says '"end":"timeout"'
}

closed_descriptors() {
    dd if=/dev/urandom of=disk bs=64k count=1 2>/dev/null
    cp disk disk.before
    set -- "$1" vhart run --kernel /guests/hello.elf --memory 16M --disk disk --result result --verbose --timeout 60
    which=$1
    shift
    case $which in
        all) "$@" <&- >&- 2>&- ;;
        out) "$@" </dev/null >&- ;;
        err) "$@" </dev/null 2>&- ;;
        in) "$@" <&- ;;
    esac
    expect_eq "the status" $? 0
    result_says '"end":"poweroff"'
    cmp disk disk.before || die "the disk was written"
}

# The unit of busybox's ulimit -f is 512 bytes.
disk_beyond_the_limit() {
    truncate -s 4M disk
    ulimit -f 2048
    guest 'dd if=/dev/zero of=/dev/vda bs=4096 seek=700 count=1 conv=fsync 2>/dev/null && echo taken || echo refused
        dd if=/dev/zero of=/dev/vda bs=4096 seek=1 count=1 conv=fsync 2>/dev/null && echo goes-on' --disk disk --result result
    expect_status 0
    expect_out '^refused'
    expect_out '^goes-on'
    expect_err 'disk: File too large: the guest gets I/O errors'
    result_says '"end":"poweroff"'
}

console_beyond_the_limit() {
    ulimit -f 128
    run vhart run --kernel /guests/hostile.elf --memory 16M --result result --append uart=1
    expect_err 'standard output: File too large: the console has nowhere to go'
    result_says '"end":"host"'
}

# What our own threads send each other, from another process and with an address of its choice.
forged() {
    forge=$(dirname "$(command -v vhart)")/tests/scenarios/forge
    start_quiet --cpus 2
    for number in 40 41 42 43; do
        "$forge" "$pid" $number 0xdead000 20
        "$forge" "$pid" $number 3 5
    done
    kill -15 "$pid"
    hang_up
    expect_status 143
    result_says '"end":"signal"'
}

t "a signal that kills by default ends the machine with a result" ends_by
t "signals about others and about a closed pipe do nothing" ignored
t "a SIGHUP that was ignored at the start (nohup) stays so" nohup_is_heeded
t "on a terminal: as before after SIGUSR1" terminal_after 2321 10
t "on a terminal: as before after SIGSEGV" terminal_after 2322 11
t "SIGTSTP gives the terminal back, SIGCONT takes it again" stops_and_goes_on
t "in the background of a terminal: its input is left alone, --timeout ends it" in_the_background
for which in all out err in; do
    t "closed standard descriptors ($which) are no other files" closed_descriptors $which
done
t "a guest's disk beyond ulimit -f: an I/O error of the guest's" disk_beyond_the_limit
t "a console beyond ulimit -f: the machine stops with a result" console_beyond_the_limit
t "forged signals of our own do nothing" forged
