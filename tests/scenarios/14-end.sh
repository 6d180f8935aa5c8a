# shellcheck shell=dash
# How a VM ends, what vhart's exit status and --result say about it, and what it leaves of the terminal.
# lab: hosts=any

result_has() {
    for pair; do
        tr -d ' \n' <"$T/result" | grep -qF "$pair" || die "the result has no $pair: $(tr -d '\n' <"$T/result")"
    done
}

power_off() {
    guest 'poweroff -f' --name some-vm --result "$T/result"
    expect_status 0
    result_has '"name":"some-vm"' '"end":"poweroff"' '"status":0' '"boots":1' '"started":' '"setup_seconds":' \
        '"run_seconds":' '"exits":{' '"mmio":' '"total":' '"sbi":{' '"guest_errors":0'
}

# A disk remembers that there was a boot before.
reboot_script='
if grep -qa again /dev/vda; then echo "second boot"; exit 0; fi
echo again | dd of=/dev/vda conv=fsync 2>/dev/null
echo "first boot"
reboot -f
sleep 60'

restart() {
    truncate -s 1M disk
    guest "$reboot_script" --disk disk --cpus 2 --result "$T/result"
    expect_status 0
    expect_out '^first boot'
    expect_out '^second boot'
    result_has '"end":"poweroff"' '"boots":2'
}

reboot_exits() {
    truncate -s 1M disk
    guest "$reboot_script" --disk disk --on-reboot exit --result "$T/result"
    expect_status 3
    expect_no_out '^second boot'
    result_has '"end":"reset"' '"status":3' '"boots":1'
}

bare_reboot() {
    run vhart run --kernel /guests/reboot.elf --memory 16M --on-reboot exit
    expect_status 3
}

linux_panics() {
    guest 'echo c >/proc/sysrq-trigger' --result "$T/result"
    expect_status 4
    result_has '"end":"panic"' '"status":4'
}

bare_panic() {
    run vhart run --kernel /guests/panic.elf --memory 16M --result "$T/result"
    expect_status 4
    result_has '"end":"panic"'
}

time_is_up() {
    run vhart run --kernel /guests/spin.elf --memory 16M --timeout 0.5 --result "$T/result"
    expect_status 124
    result_has '"end":"timeout"' '"status":124'
}

ends_by_signal() {
    talk vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd-small --memory 128M --append quiet \
        --cpus 2 --result "$T/result"
    await 'guest:'
    kill "-$1" "$pid"
    hang_up
    expect_status "$2"
    result_has '"end":"signal"' "\"signal\":$(($2 - 128))"
}

shell_guest="vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd-small --memory 128M --append quiet"

quit_by_key() {
    terminal_session 2301 "$shell_guest --result result"
    await 'guest:'
    printf '\001h' >&3
    await 'Ctrl-A x quits'
    # Ctrl-C is the guest's: its shell goes on.
    printf '\003echo still-$((40+2))\r' >&3
    await 'still-42'
    [ "$(stty -g <"$(tty_of_session)")" != "$(cat before)" ] || die "the terminal is not raw"
    printf '\001x' >&3
    end_session
    expect_status 130
    result_has '"end":"quit"' '"status":130'
}

terminal_after() {
    terminal_session "$1" "$2"
    end_session
    expect_status "$3"
}

terminal_after_signal() {
    terminal_session 2303 "$shell_guest"
    await 'guest:'
    session=$(cat session.pid)
    read -r child <"/proc/$session/task/$session/children"
    kill -TERM "$child"
    end_session
    expect_status 143
}

t "power-off: status 0, and all that --result tells" power_off
t "reboot: the guest starts again" restart
t "--on-reboot exit: status 3" reboot_exits
t "a bare-metal guest's SRST reboot: status 3" bare_reboot
t "a panic of Linux: status 4" linux_panics
t "SRST with reason 1: status 4" bare_panic
t "--timeout: status 124" time_is_up
t "SIGTERM: status 143" ends_by_signal TERM 143
t "SIGINT: status 130" ends_by_signal INT 130
t "on a terminal: raw, Ctrl-A h helps, Ctrl-A x quits with 130, the terminal is as before" quit_by_key
t "on a terminal: as before after a timeout" terminal_after 2302 "vhart run --kernel /guests/spin.elf --memory 16M --timeout 0.5" 124
t "on a terminal: as before after SIGTERM" terminal_after_signal
t "on a terminal: as before when the VM cannot start" terminal_after 2304 "vhart run --kernel /guests/hello.elf --memory 16M --disk /tmp" 125
