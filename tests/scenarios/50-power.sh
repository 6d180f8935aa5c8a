# shellcheck shell=dash
# The power key: a guest with a driver is asked to power off, by SIGTERM and by vhart ctl; one without is not waited for.
# lab: hosts=any

listens='
modprobe virtio_input && modprobe evdev || exit 1
n=0
until [ -e /dev/input/event0 ] || [ $n = 300 ]; do n=$((n + 1)); usleep 100000; done
cat /sys/class/input/event0/device/name
exec 5</dev/input/event0
echo listening
# Two events, of 24 bytes each: the key that goes down, and its SYN_REPORT. Type, code and value are the last 8 bytes.
head -c 48 <&5 | od -An -v -tx2 -w24 | while read -r s1 s2 s3 s4 u1 u2 u3 u4 what; do echo "event: $what"; done
exit 0
'
deaf='
modprobe virtio_input || exit 1
echo bound
sleep 1000
'

# starts SCRIPT OPTIONS: a guest that can be asked.
starts() {
    printf '%s\n' "$1" >run.sh
    shift
    talk vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --control socket --result result "$@"
}

# By the next SIGTERM.
ends_by_signal() {
    kill "$pid"
    hang_up
    expect_status 143
}

result_has() { tr -d ' \n' <result | grep -qF "$1" || die "the result has no $1: $(tr -d '\n' <result)"; }

# The guest heard of the key, and ended by itself.
powers_off() {
    hang_up
    expect_status 0
    expect_out '^vhart power key'
    expect_out '^event: 0001 0074 0001 0000'
    result_has '"end":"poweroff"'
}

asked_by_signal() {
    starts "$listens" "$@"
    await '^listening'
    kill "$pid"
    powers_off
    expect_err 'SIGTERM: the guest is asked to power off.*a second SIGTERM ends the VM'
}

asked_by_verb() {
    starts "$listens" --power-key on
    await '^listening'
    vhart ctl ./socket power-key || die "the verb failed"
    powers_off
}

second_signal() {
    starts "$deaf" --power-key on
    await '^bound'
    kill "$pid"
    await 'a second SIGTERM ends the VM' "$err"
    vhart ctl ./socket status | grep -q 'state: running' || die "the first one ended it"
    ends_by_signal
    result_has '"end":"signal"'
}

# What watches the VM passes them on.
second_signal_to_a_watcher() {
    printf '%s\n' "$deaf" >run.sh
    talk vhart stat -o table -- run --kernel /guests/linux/Image --initrd /guests/linux/initrd --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --power-key on
    await '^bound'
    kill "$pid"
    await 'a second SIGTERM ends the VM' "$err"
    ends_by_signal
    grep -q 'EXIT REASON' table || die "no table: $(cat table)"
}

no_driver() {
    starts 'echo deaf; sleep 1000' --power-key on
    await '^deaf'
    ! vhart ctl ./socket power-key 2>words || die "the verb worked"
    grep -q 'no driver of the guest takes it' words || die "it said $(cat words)"
    ends_by_signal
    expect_no_err 'is asked to power off'
}

no_key() {
    starts 'echo here; sleep 1000' "$@"
    await '^here'
    ! vhart ctl ./socket power-key 2>words || die "the verb worked"
    grep -q 'start it with --power-key on' words || die "it said $(cat words)"
    ends_by_signal
}

# Its next life would not know of it.
resets_instead() {
    starts "$deaf
" --power-key on
    await '^bound'
    kill "$pid"
    await 'is asked to power off' "$err"
    vhart ctl ./socket sysrq b || die "it cannot be reset from inside"
    hang_up
    expect_status 143
    expect_eq "lives" "$(grep -ca '^bound' "$out")" 1
    result_has '"end":"signal"'
}

# Whoever looks into the guest holds it meanwhile.
while_held() {
    starts "$deaf" --power-key on
    await '^bound'
    while vhart ctl ./socket where >>where.out 2>>where.err; do :; done &
    looks=$!
    until_true [ -s where.out ]
    for _ in 1 2 3 4 5; do vhart ctl ./socket where >/dev/null; done
    kill "$pid"
    await 'a second SIGTERM ends the VM' "$err"
    vhart ctl ./socket status | grep -q 'state: running' || die "the first one ended it"
    ends_by_signal
    wait $looks
}

while_paused() {
    starts "$deaf" --power-key on
    await '^bound'
    vhart ctl ./socket pause || die "it cannot be paused"
    ! vhart ctl ./socket power-key 2>words || die "the verb worked"
    grep -q 'the machine is paused: resume it first' words || die "it said $(cat words)"
    ends_by_signal
}

interrupted() {
    starts "$deaf" --power-key on
    await '^bound'
    kill -INT "$pid"
    hang_up
    expect_status 130
    expect_no_err 'is asked to power off'
}

with_a_disk() {
    truncate -s 1M disk
    asked_by_signal --disk disk
}

t "SIGTERM: the guest is asked by its power key, and its power-off is the end" asked_by_signal --power-key on
t "the same over MMIO" asked_by_signal --power-key on --transport mmio
t "the same with a PLIC" asked_by_signal --power-key on --aia off
t "a guest with a disk has the key by itself" with_a_disk
t "vhart ctl VM power-key asks too" asked_by_verb
t "a second SIGTERM ends a guest that does not heed the first" second_signal
t "the same by vhart stat, which started it" second_signal_to_a_watcher
t "a guest without a driver is not waited for" no_driver
t "a guest without the key neither" no_key --power-key off
t "a guest with neither disk nor firmware has none by itself" no_key
t "a guest that resets when it is asked has ended" resets_instead
t "a guest that is looked into is asked" while_held
t "a paused guest is not waited for" while_paused
t "SIGINT ends the VM at once, as before" interrupted
