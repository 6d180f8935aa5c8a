# shellcheck shell=dash
# The control socket: pausing, by hand, with vhart ctl, by programs, and with wrong input.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

clock_guest="vhart run --name clock --kernel /guests/clock.elf --memory 16M --control socket"

# start_clock [OPTIONS]
start_clock() {
    # shellcheck disable=SC2086
    talk $clock_guest "$@"
    await 'reading the time'
}

# does VERB...: it is done
does() { vhart ctl ./socket "$@" >said 2>&1 || die "'$*': $(cat said)"; }
says() { grep -qE -e "$1" said || die "no line matches '$1': $(cat said)"; }

# refuses WORDS VERB...
refuses() {
    words=$1
    shift
    ! vhart ctl ./socket "$@" >said 2>&1 || die "'$*' is done: $(cat said)"
    says "$words"
}

milliseconds_of() { sed -n "s/.*$1: \([0-9]*\) ms.*/\1/p" "$out"; }

# long_pause: so long that a guest that saw it would say so
long_pause() {
    does pause
    sleep 4
    does resume
}

# The pauses here last 4 s; half of that is more than a loaded lab keeps a hart from its CPU.
time_stands_still() {
    start_clock
    long_pause
    does type x
    await 'longest gap'
    [ "$(milliseconds_of 'longest gap')" -lt 2000 ] || die "the guest saw the pause: $(cat "$out")"
    await 'waiting for the timer'
    long_pause
    does type x
    hang_up
    expect_status 0
    [ "$(milliseconds_of 'latest timer')" -lt 2000 ] || die "the guest's timer saw the pause: $(cat "$out")"
    expect_no_out 'too early'
}
t "a guest's time and timers stand still while it is paused" time_stands_still

what_is_typed_waits() {
    start_clock
    does pause
    does type y
    does status
    says 'state: paused'
    does pause
    expect_no_out 'typed'
    does resume
    await 'typed: y'
    does resume
    does type y
    hang_up
    expect_status 0
}
t_any "what is typed into a paused machine waits for the guest" what_is_typed_waits

# One resumes what another paused, over and over.
two_clients() {
    start_clock
    for turn in 1 2 3 4 5 6 7 8; do
        vhart ctl ./socket pause >/dev/null 2>errors &
        does resume
        wait $! || die "pause $turn: $(cat errors)"
    done
    does resume
    does type x
    await 'longest gap'
    does stop
    hang_up
    expect_status 130
}
t_any "two clients may pause and resume at once" two_clients

# ends_paused STATUS HOW...: a paused machine ends all the same
ends_paused() {
    wanted=$1
    shift
    does pause
    "$@"
    hang_up
    expect_status "$wanted"
}

# shellcheck disable=SC2086
ends_while_paused() {
    start_clock
    ends_paused 130 does stop
    start_clock
    ends_paused 143 kill "$pid"
    # Paused from the start: the time runs out in a pause however slow the lab is.
    talk $clock_guest --paused --timeout 3
    hang_up
    expect_status 124
    [ ! -e socket ] || die "the socket is still there"
}
t_any "stop, SIGTERM and --timeout end a paused machine" ends_while_paused

ctrl_a_x() {
    terminal_session 5041 "exec vhart run --name clock --kernel /guests/clock.elf --memory 16M --control $T/socket"
    await 'reading the time'
    does pause
    say_to "$(printf '\001x')"
    until_true [ ! -e socket ]
    kill "$telnetd"
    hang_up
}
t_any "Ctrl-A x ends a paused machine" ctrl_a_x


a_reset_keeps_it_paused() {
    start_clock
    does pause
    does reset
    does status
    says 'state: paused'
    says 'lives: 2'
    does resume
    until_true has_lines 2 'reading the time'
    does reset
    until_true has_lines 3 'reading the time'
    does status
    says 'state: running'
    does stop
    hang_up
    expect_status 130
}
t_any "a paused machine stays paused over a reset, a running one runs on" a_reset_keeps_it_paused

inject_and_stop() {
    start_clock --pmu off
    does hart-stop 0
    does type x
    does statistics
    says '^mmio +[1-9]'
    says '^counted by KVM'
    says '^[a-z_]+ +[0-9]+$'
    does statistics --json
    says '"harts":\[\{"hart":0,"exits":\{"mmio":[1-9]'
    does inject line 10
    does inject line 10 level=false
    does inject msi 7 hart=0
    refuses 'from 1 to 127' inject line 4096
    refuses 'expected a number' inject msi
    refuses 'does not answer' inject lcofi
    refuses 'has no number' inject lcofi 0
    does pmu
    says 'answered-by: off'
    refuses 'length of a PMU' pmu-restore 00
    expect_no_out 'typed'
    does hart-start 0
    await 'typed: x'
    does stop
    hang_up
    expect_status 130
}
t "a hart is stopped and started, interrupts are injected, exits are counted" inject_and_stop

injected_arrive() {
    talk vhart run --kernel /guests/injected.elf --cpus 2 --memory 16M --control socket --pmu vmm
    await ready
    does inject msi 8
    await 'took: msi'
    does inject line 10
    await 'took: line'
    does inject lcofi
    await 'took: overflow'
    does pause
    does inject lcofi hart=0
    expect_eq 'interrupts while it is paused' "$(grep -c 'took: overflow' "$out")" 1
    does resume
    until_true has_lines 2 'took: overflow'
    refuses 'hart 1 is stopped' inject lcofi hart=1
    a_pmu_is_restored
    does stop
    hang_up
    expect_status 130
}

# The guest's counter of instructions started at 2^40.
a_pmu_is_restored() {
    does pmu
    says 'answered-by: vmm'
    says '  name: instructions'
    says '  started: true'
    does pmu-save
    state=$(sed 's/^bytes: //' said)
    does inject msi 12
    await forgotten
    does inject msi 11
    await 'counter: 0'
    does pmu-restore "$state"
    does inject msi 11
    await 'counter: 1[0-9]{12}'
    refuses 'length of a PMU' pmu-restore "${state%??}"
    refuses 'another version' pmu-restore "7668617274504d55ff${state#??????????????????}"
    does inject msi 11
    until_true has_lines 2 'counter: 1[0-9]{12}'
    does pmu hart=1
    says 'called: false'
}
t "interrupts that are injected arrive, a PMU is shown, saved and restored" injected_arrive

# One that resets as fast as it can is found in the middle of a reset as often as not: between two lives there is no machine.
resets_are_stopped() {
    cat >script.lua <<'LUA'
for turn = 1, 12 do
    local vm = machine.new("--memory 16M --kernel /guests/reboot.elf"):start()
    vm:expect("boot\n")
    for other = 1, turn % 4 do vm:status() end
    vm:stop()
    local why, status = vm:ended(20)
    assert(why == "quit" and status == 130, tostring(why) .. " " .. tostring(status))
end
-- The script's end does the same.
for turn = 1, 3 do machine.new("--memory 16M --kernel /guests/reboot.elf"):start():expect("boot\n") end
LUA
    expect_status 0 vhart script script.lua
}
t "a guest that resets for ever is stopped" resets_are_stopped

# What the guests say of themselves decides: of what was on its way at a pause nothing is lost or done twice.
work_goes_on() {
    truncate -s 64K one two
    cat >script.lua <<'LUA'
local function run(guest, words)
    return machine.new("--memory 16M --kernel /guests/" .. guest .. ".elf " .. words):start()
end
local one, two = run("disk", "--cpus 2 --disk one"), run("disk", "--cpus 2 --disk two")
local resets, sleeps = run("reboot", ""), run("suspend", "")
sleeps:expect("\n") -- it suspends now, for a second at least, unless this KVM forwards no SUSP: then it ends
for turn = 1, 5 do pcall(sleeps.pause, sleeps) pcall(sleeps.resume, sleeps) end
assert(sleeps:ended() == "poweroff", sleeps:console())
one:expect("rounds: 16\n") two:expect("rounds: 16\n") resets:expect("boot\n")
for turn = 1, 40 do
    for _, vm in ipairs{one, two, resets} do vm:pause() end
    assert(one:status().state == "paused" and two:status().state == "paused")
    for _, vm in ipairs{two, one, resets} do vm:resume() end
end
one:type("x") two:type("x") resets:expect("boot\n") resets:stop()
for _, vm in ipairs{one, two} do
    local why, status = vm:ended()
    assert(why == "poweroff" and status == 0, vm:console())
    print(vm:console():match("hart 1 was started[^\n]*"))
end
LUA
    expect_status 0 vhart script script.lua
}
t "disks, starts of harts, a suspend and resets work through pauses of several machines at once" work_goes_on
