# shellcheck shell=dash
# VMs in the background: who waits for them, the file with the number, what a service manager is told, and what is refused.
# lab: hosts=any

peer=$(dirname "$(command -v vhart)")/tests/scenarios/peer
in_background="vhart run --kernel /guests/spin.elf --memory 16M --daemonize --pidfile pid"

is_gone() { ! kill -0 "$1" 2>/dev/null; }

comes_back_when_it_runs() {
    # shellcheck disable=SC2086
    run $in_background --console-log log --result result
    expect_status 0
    number=$(cat pid)
    expect_eq "its standard input" "$(readlink "/proc/$number/fd/0")" /dev/null
    expect_eq "its standard output" "$(readlink "/proc/$number/fd/1")" /dev/null
    expect_eq "its standard error" "$(readlink "/proc/$number/fd/2")" "$T/log"
    # shellcheck disable=SC2046
    expect_eq "its session" "$(set -- $(sed 's/.*) //' "/proc/$number/stat"); echo "$4")" "$number"
    until_true has_line . log
    # The file is its own while it lives.
    # shellcheck disable=SC2086
    run $in_background
    expect_status 125
    expect_err "^vhart: --pidfile pid: process $number has it, and lives: "
    expect_eq "the number" "$(cat pid)" "$number"
    kill "$number"
    until_true is_gone "$number"
    [ ! -e pid ] || die "the file with the number is still there"
    grep -q '"end": *"signal"' result || die "no result of it: $(cat result)"
}
t "it comes back when the VM runs, which is then alone; its file is locked, and gone in the end" comes_back_when_it_runs

what_was_killed_leaves() {
    # shellcheck disable=SC2086
    run $in_background
    number=$(cat pid)
    kill -KILL "$number"
    until_true is_gone "$number"
    expect_eq "the number" "$(cat pid)" "$number"
    # shellcheck disable=SC2086
    run $in_background
    expect_status 0
    [ "$(cat pid)" != "$number" ] || die "the file was not taken over"
    kill "$(cat pid)"
    until_true [ ! -e pid ]
}
t "the file of one that was killed is taken over" what_was_killed_leaves

# With the status and the line that there are without it.
errors_come_first() {
    run vhart run --kernel /no/such/file --daemonize
    expect_status 125
    expect_one_line
    expect_err '^vhart: --kernel /no/such/file: No such file or directory'
    head -c 100 /guests/hello.elf >torn.elf
    run vhart run --kernel torn.elf --daemonize --pidfile pid
    expect_status 125
    expect_one_line
    [ ! -e pid ] || die "the file with the number is still there"
    run vhart run --kernel /guests/hello.elf --daemonize -- true
    expect_status 125
    expect_err '^vhart: --daemonize: -- CMD has this terminal'
    run vhart run --kernel /guests/hello.elf --daemonize --console none --serial stdio
    expect_status 125
    expect_err '^vhart: --daemonize leaves standard input and output'
    echo 'not a number' >pid
    run vhart run --kernel /guests/hello.elf --memory 16M --pidfile pid
    expect_status 125
    expect_one_line
    expect_err '^vhart: --pidfile pid: there is something else in this file'
    expect_eq "the file" "$(cat pid)" 'not a number'
}
t "a VM that does not come to run gives its line and its status" errors_come_first

# tells PLACE [OPTIONS]: by sd_notify's protocol
tells() {
    place=$1
    shift
    "$peer" datagrams "$place" >told &
    manager=$!
    case $place in @*) until_true grep -q "$place" /proc/net/unix ;; *) until_true [ -S "$place" ] ;; esac
    run env "NOTIFY_SOCKET=$place" vhart run --kernel /guests/hello.elf --memory 16M --name web1 "$@"
    expect_status 0
    await '^STOPPING=1' told
    has_line '^READY=1' told || die "no READY=1: $(cat told)"
    grep -qE '^MAINPID=[0-9]+$' told || die "no MAINPID: $(cat told)"
    has_line '^STATUS=web1 ended: poweroff' told || die "not how it ended: $(cat told)"
    ends $manager
}
# One that its machine cannot be made for.
tells_of_none() {
    "$peer" datagrams "$T/none" >told &
    manager=$!
    until_true [ -S "$T/none" ]
    run env "NOTIFY_SOCKET=$T/none" vhart run --kernel /guests/hello.elf --memory 16M --name web1 --disk no-file
    expect_status 125
    await '^STOPPING=1' told
    has_line '^STATUS=web1 ended: it did not start' told || die "not so: $(cat told)"
    ! has_line '^READY=1' told || die "it is said to run"
    ends $manager
}
in_both_places() {
    tells "$T/notify"
    tells @vhart-48-daemon --daemonize
    tells_of_none
    run env "NOTIFY_SOCKET=$T/nobody" vhart run --kernel /guests/hello.elf --memory 16M
    expect_status 0
    expect_err '^vhart: warning: NOTIFY_SOCKET: No such file or directory: the service manager is not told'
}
t "a service manager is told when the VM runs and ends, at a path and at a name" in_both_places
