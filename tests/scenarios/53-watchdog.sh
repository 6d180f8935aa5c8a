# shellcheck shell=dash
# A watchdog that Debian's kernels drive: a guest that does not restart it is told of, and reset or ended; others are left alone.
# lab: hosts=any

# Opened, it runs: 16 seconds.
begin='
modprobe sunxi_wdt && [ -c /dev/watchdog ] && exec 5>/dev/watchdog || exit 9
echo started
'

# starts SCRIPT OPTIONS
starts() {
    printf '%s%s\n' "$begin" "$1" >run.sh
    shift
    talk vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --result result "$@"
}

result_has() { tr -d ' \n' <result | grep -qF "$1" || die "the result has no $1: $(tr -d '\n' <result)"; }

ends_a_guest_that_stops() {
    starts 'kill -STOP $$' --watchdog exit
    hang_up
    expect_status 4
    expect_err 'has not restarted its watchdog in time: where the harts are'
    expect_err '^vhart: hart 0: '
    result_has '"end":"watchdog"'
}

# In the second life it does not run until it is opened.
resets_a_guest_that_stops() {
    starts 'read -r line; [ "$line" = stop ] && kill -STOP $$; printf V >&5; exit 0' --watchdog reset --verbose
    await '^started'
    say_to 'stop
'
    until_true has_lines 2 '^started'
    say_to 'end
'
    hang_up
    expect_status 0
    expect_err 'has not restarted its watchdog in time: where the harts are'
    expect_err 'the guest resets: boot 2'
    result_has '"end":"poweroff"'
}

# Restarted for longer than its time, then given up by the magic character, for longer than its time.
leaves_others_alone() {
    starts 'for i in $(seq 20); do echo . >&5; sleep 1; done; printf V >&5; exec 5>&-; sleep 20; exit 7' --watchdog exit
    hang_up
    expect_status 7
    expect_no_err 'watchdog'
}

has_none_by_itself() {
    starts 'exit 7'
    hang_up
    expect_status 9
}

t "a guest that does not restart it ends vhart, which says where it is" ends_a_guest_that_stops
t "a guest that does not restart it is reset" resets_a_guest_that_stops
t "one that does, and then stops it, lives" leaves_others_alone
t "a guest has none by itself" has_none_by_itself
