# shellcheck shell=dash disable=SC2030,SC2031
# What scenarios are written with. They run on the lab host under busybox's sh, several in one boot; see README.md here.
#
#   t NAME FUNCTION [ARGS]   one test: passes if FUNCTION returns 0. It runs in a subshell, in a scratch folder of its own ($T).
#   as NAME GUEST [OPTIONS]  a test for the next `guests_pass`: the bare-metal GUEST with OPTIONS of vhart run; in its own verdict
#                            (TAP) it says what it tests. NAME has no slash.
#   as_script NAME SCRIPT [OPTIONS]  the same of the Linux guest ($linux or $kernel): the exit status of SCRIPT (a text) says it
#   guests_pass [OPTIONS]    `vhart test` runs these, and each verdict is a test here; OPTIONS are its own
#   t_any NAME FUNCTION [ARGS]  t, of a test in which the host's kernel has no part: ./check has it on one host of a file's;
#                            seen_elsewhere says whether this is another one
#   skip NAME REASON         a test that cannot be had here; lcofi_works says whether sampling can be
# In a test:
#   run CMD...               runs CMD with no input, at most $limit seconds; leaves $status, and the files $out and $err
#   guest SCRIPT [OPTIONS]   run: boots the Linux guest (linux=linux-7.2 for the 7.x one, kernel=FILE for
#                            another), SCRIPT (a text) is its /run.sh, OPTIONS go to vhart run
#   expect_status N [CMD...] CMD was, or now is, run and ended with N
#   expect_out PATTERN       a line of $out matches (grep -E); expect_err, expect_no_out, expect_no_err likewise
#   expect_eq WHAT GOT WANTED
#   talk CMD...              runs CMD in the background: say_to TEXT types, await PATTERN waits for it in $out, hang_up ends
#                            the input and waits for CMD as run does
#   terminal_session PORT COMMAND  COMMAND on a terminal: await and say_to as with talk; $T/session.pid is its shell,
#                            tty_of_session its terminal; end_session awaits its end, and that the terminal is as before
#   until_true CMD...        waits until CMD succeeds; dies when it has not within $limit seconds, or process $pid has ended
#   has_lines N PATTERN [FILE]  N lines or more of FILE ($out) match: until_true has_lines 2 boot
#   listens PORT             somebody does, by TCP: until_true listens 2222
#   children PROCESS         their numbers
#   ends PROCESS...          ends what runs in the background: the test is not about how
#   die REASON               the test fails
# A test that has not ended after four times $limit seconds fails, whatever it waits for. What a failed one left running is ended.

# What hangs is ended then; no test is about it, and a machine may be slow.
limit=300
linux=linux
pid='' last=''

# children PROCESS: of all its threads
children() { cat "/proc/$1"/task/*/children; }

# guard T LIMIT: ends the test whose folder is T when it has not ended by then, whatever it waits for.
guard() {
    sleep "$2" &
    sleeper=$!
    trap 'kill $sleeper; exit' TERM
    wait $sleeper
    read -r self <"$1.pid"
    echo "no end after $2 s"
    # shellcheck disable=SC2046
    kill "$self" $(children "$self")
}

# The test's own children, the stopped ones too.
leave_nothing() {
    for left in $(children "$self"); do
        kill "$left" 2>/dev/null && kill -CONT "$left" 2>/dev/null
    done
}

t() {
    name=$1
    shift
    T=$(mktemp -d /tmp/t.XXXXXX)
    export T
    guard "$T" $((limit * 4)) >"$T.end" 2>&1 &
    guard=$!
    if (
        read -r self _ </proc/self/stat
        echo "$self" >"$T.pid"
        cd "$T" || exit 1
        out=$T/out err=$T/err
        : >out
        : >err
        trap '[ $? = 0 ] || leave_nothing' EXIT
        "$@"
    ) >"$T.log" 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        cat "$T.log" "$T.end" | sed 's/^/# /'
        for file in out err; do
            [ ! -s "$T/$file" ] || { echo "# the end of its $file:"; tail -n 12 "$T/$file" | tr -d '\r' | sed 's/^/#   /'; }
        done
    fi
    kill $guard 2>/dev/null
    wait $guard
    rm -rf "$T" "$T.log" "$T.end" "$T.pid"
}

seen_elsewhere() { [ "${SEEN_ELSEWHERE:-no}" = yes ]; }
t_any() { seen_elsewhere || t "$@"; }

skip() { echo "skip - $1: $2"; }

as() {
    folder=${folder:-$(mktemp -d /tmp/guests.XXXXXX)}
    ln -s "/guests/$2.elf" "$folder/$1"
    [ -z "${3:-}" ] || printf '%s\n' "$3" >"$folder/$1.opts"
}

as_script() {
    folder=${folder:-$(mktemp -d /tmp/guests.XXXXXX)}
    printf '#!/bin/sh -x\n%s\n' "$2" >"$folder/$1"
    chmod 755 "$folder/$1"
    case " ${3:-} " in *' --append '*) words= ;; *) words="--append 'console=ttyS0 quiet panic=-1'" ;; esac
    case " ${3:-} " in *' --memory '*) ;; *) words="--memory 256M $words" ;; esac
    echo "--kernel ${kernel:-/guests/$linux/Image} --initrd ${initrd:-/guests/$linux/initrd-small} $words ${3:-}" >"$folder/$1.opts"
}

# A guest that says nothing of its tests does not pass here.
guests_pass() {
    { vhart test --strict "$@" "$folder" -- --memory 64M </dev/null; echo "ended with $?"; } 2>&1 | sed -n \
        -e 's/^ok [0-9]* - .*\/\(.*\) # SKIP \(.*\)/skip - \1: \2/p;t' \
        -e 's/^\(\(not \)\{0,1\}ok\) [0-9]* - .*\/\(.*\)/\1 - \3/p' \
        -e '/^# [0-9]* passed,/d' -e '/^#/p' -e 's/^vhart: /# vhart: /p' \
        -e '/^ended with [01]$/d' -e 's/^ended with /not ok - vhart test ended with /p'
    rm -rf "$folder"
    folder=
}

# QEMU later than 10.0.2 never raises LCOFI. On a real machine LAB_QEMU is not set.
lcofi_works() { [ "${LAB_QEMU:-10.0.2}" = 10.0.2 ]; }

ends() {
    kill "$@"
    wait "$@"
    return 0
}

die() {
    echo "$*"
    exit 1
}

run() {
    last=$*
    read -r started _ </proc/uptime
    timeout "$limit" "$@" </dev/null >"$out" 2>"$err"
    status=$?
    in_time
}

# What a limit had to end did not do what the test is about, also where the test wants to see SIGTERM's status.
in_time() {
    # busybox's timeout ends CMD with SIGTERM.
    [ "$status" = 143 ] || return 0
    read -r now _ </proc/uptime
    [ $((${now%.*} - ${started%.*})) -lt "$limit" ] || die "no end within $limit s: $last"
}

guest() {
    printf '%s\n' "$1" >"$T/run.sh"
    shift
    case " $* " in *' --memory '*) ;; *) set -- --memory 256M "$@" ;; esac
    case " $* " in *' --append '*) ;; *) set -- --append 'console=ttyS0 quiet panic=-1' "$@" ;; esac
    run vhart run --kernel "${kernel:-/guests/$linux/Image}" --initrd "/guests/$linux/initrd-small" \
        --inject "$T/run.sh:/run.sh" "$@"
}

# CMD with a fifo for its input; $pid is its process.
talk() {
    last=$*
    rm -f "$T/fifo"
    mkfifo "$T/fifo"
    : >"$out"
    read -r started _ </proc/uptime
    timeout "$limit" "$@" <"$T/fifo" >"$out" 2>"$err" &
    pid=$!
    exec 3>"$T/fifo"
}

say_to() { printf '%s' "$1" >&3; }

# The last look is after the process's end: what is waited for may be the last that it did.
until_true() {
    read -r began _ </proc/uptime
    until "$@"; do
        if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then
            "$@" || die "ended before '$*': $last"
            return
        fi
        read -r now _ </proc/uptime
        [ $((${now%.*} - ${began%.*})) -lt "$limit" ] || die "not within $limit s: '$*': $last"
        usleep 50000
    done
}

has_line() { grep -qaE -e "$1" "${2:-$out}" 2>/dev/null; }
has_lines() {
    lines=$(grep -caE -e "$2" "${3:-$out}" 2>/dev/null)
    [ "${lines:-0}" -ge "$1" ]
}

# await PATTERN [FILE]: until a line of FILE ($out) matches.
await() { until_true has_line "$@"; }

hang_up() {
    exec 3>&-
    wait "$pid"
    status=$?
    in_time
}

# telnetd gives a session a terminal of its own; nc is the keyboard and the screen.
# terminal_session PORT COMMAND: the files before and after have the terminal's settings, status COMMAND's exit status.
terminal_session() {
    cat >session <<SESSION
#!/bin/sh
cd "$T" || exit 1
stty -g >before
echo \$\$ >session.pid
$2
echo \$? >status
stty -g >after
SESSION
    chmod 755 session
    telnetd -F -K -p "$1" -b 127.0.0.1 -l "$T/session" &
    telnetd=$!
    pid=$telnetd
    until_true listens "$1"
    talk nc 127.0.0.1 "$1"
}

# At whichever address.
listens() { netstat -ltn | grep -q ":$1 "; }

# session_ends: awaited; leaves $status
session_ends() {
    until_true [ -s after ]
    kill "$telnetd" "$pid" 2>/dev/null
    hang_up
    status=$(cat status)
}

end_session() {
    session_ends
    expect_eq "the terminal after" "$(cat after)" "$(cat before)"
}

tty_of_session() { readlink "/proc/$(cat session.pid)/fd/0"; }

expect_status() {
    wanted=$1
    shift
    [ $# = 0 ] || run "$@"
    [ "$status" = "$wanted" ] || die "exit status $status, not $wanted: $last"
}

expect_out() { grep -qaE -e "$1" "$out" || die "no line of its output matches '$1': $last"; }
expect_err() { grep -qE -e "$1" "$err" || die "no line of its standard error matches '$1': $last"; }
expect_no_out() { ! grep -qaE -e "$1" "$out" || die "a line of its output matches '$1': $last"; }
# Every run begins with a line that says who answers the PMU: these two do not mean it.
expect_no_err() { ! grep -v '^vhart: pmu: ' "$err" | grep -qE -e "$1" || die "a line of its standard error matches '$1': $last"; }
expect_one_line() { [ "$(grep -vc '^vhart: pmu: ' "$err")" = 1 ] || die "not one line of standard error: $last"; }
expect_eq() { [ "$2" = "$3" ] || die "$1 is '$2', not '$3'"; }
