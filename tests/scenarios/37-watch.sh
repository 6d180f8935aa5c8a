# shellcheck shell=dash disable=SC2154
# vhart watch: findings as they begin and are over, to a stream, a command and OpenMetrics; of VMs that come and go.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# odd WORDS OPTIONS: watches the guest that does what WORDS say
odd() {
    words=$1
    shift
    run vhart watch "$@" -- run --name odd --cpus 2 --memory 64M --kernel /guests/odd.elf --append "$words"
}
# events FILE EVENT RULE: how many lines
events() { grep -c "^{\"type\":\"finding\",\"event\":\"$2\",.*\"rule\":\"$3\"" "$1"; }

# Behind the timers the guest computes for longer than it takes to be over.
each_begins_and_is_over_once() {
    odd "idle=3 timer=8 alone=15"
    expect_status 0
    expect_eq "begun" "$(events "$err" begin timer-storm)" 1
    expect_eq "over" "$(events "$err" end timer-storm)" 1
    grep -n timer-storm "$err" | sed -n '1s/.*"event":"begin".*/&/p' | grep -q . || die "the end came first: $(cat "$err")"
}

# What is so when the VM ends is over.
with_its_vm_it_is_over() {
    odd "timer=8"
    expect_status 0
    expect_eq "begun" "$(events "$err" begin timer-storm)" 1
    expect_eq "over" "$(events "$err" end timer-storm)" 1
}

one_that_is_odd() { run vhart run --name "$1" --memory 64M --kernel /guests/odd.elf --append "$2"; }

vms_come_and_go() {
    # The file is there as soon as it watches.
    vhart watch --all --openmetrics m.prom >told 2>said &
    watch=$!
    until_true [ -e m.prom ]
    one_that_is_odd first timer=8
    expect_status 0
    one_that_is_odd second "failing=8"
    expect_status 0
    until_true has_line '"event":"end",.*"rule":"failing-calls","vm":"second"' told
    kill $watch
    wait $watch
    expect_eq "its status" $? 0
    expect_eq "lines" "$(sed -n 's/.*"event":"\([a-z]*\)".*"rule":"\([a-z-]*\)","vm":"\([a-z]*\)".*/\1 \2 \3/p' told | sort)" \
        "begin failing-calls second
begin timer-storm first
end failing-calls second
end timer-storm first"
    [ ! -s said ] || die "it said: $(cat said)"
}

fails_at_once() {
    odd "timer=100000" --fail-on csr-storm --fail-on timer-storm
    expect_status 121
    expect_err '^vhart: --fail-on timer-storm: there is such a finding$'
    expect_eq "begun" "$(events "$err" begin timer-storm)" 1
}

does_not_fail_on_another() {
    odd "timer=8" --fail-on csr-storm
    expect_status 0
}

# The first of them never ends by itself.
# shellcheck disable=SC2016
commands_are_run() {
    odd "timer=8 failing=8" --on-finding '
        echo "$VHART_RULE $VHART_VM $VHART_PID $VHART_VCPU" >>words; cat >"json-$VHART_RULE"; echo output
        case $VHART_RULE in timer-storm) echo $$ >pid; exec sleep 100000 ;; esac'
    expect_status 0
    kill "$(cat pid)"
    grep -qE '^timer-storm odd [0-9]+ 0$' words || die "words: $(cat words)"
    grep -qE '^failing-calls odd [0-9]+ 0$' words || die "words: $(cat words)"
    expect_eq "JSON" "$(cat json-failing-calls)" "$(grep '"event":"begin".*failing-calls' "$err")"
    expect_err '^output$'
    expect_no_out '^output$'
}

metrics_are_kept() {
    odd "timer=8" --openmetrics m.prom
    expect_status 0
    grep -qE '^vhart_findings_total\{vm="odd",pid="[0-9]+",rule="timer-storm"\} 1$' m.prom || die "$(cat m.prom)"
    grep -qE '^vhart_findings_now\{vm="odd",pid="[0-9]+",rule="timer-storm"\} 0$' m.prom || die "$(cat m.prom)"
    expect_eq "its end" "$(tail -n 1 m.prom)" "# EOF"
}

from_socket=$(dirname "$(command -v vhart)")/tests/scenarios/from_socket
metrics_are_answered() {
    vhart watch --all --openmetrics unix=m.sock >told 2>said &
    watch=$!
    until_true [ -S m.sock ]
    vhart run --name odd --memory 64M --kernel /guests/odd.elf --append timer=100000 >console 2>&1 &
    vm=$!
    until_true has_line '"event":"begin"' told
    "$from_socket" m.sock >now || die "nobody answers"
    ends $vm
    kill $watch
    wait $watch
    grep -qE '^vhart_findings_now\{vm="odd",pid="[0-9]+",rule="timer-storm"\} 1$' now || die "$(cat now)"
    [ ! -e m.sock ] || die "its socket is there still"
}

# The guest that was saved was idle.
what_is_above_the_baseline() {
    run vhart stat --save base -- run --name odd --cpus 2 --memory 64M --kernel /guests/odd.elf --append "idle=5"
    expect_status 0
    odd "idle=3 device=9" --baseline base
    expect_status 0
    expect_no_err '^vhart: --baseline'
    grep '"event":"begin"' "$err" | grep '"rule":"above-baseline"' | grep -q '"exit":"load_guest_page_fault mmio"' ||
        die "not above it: $(cat "$err")"
    sed 's/"version":1/"version":7/' base >other
    odd "idle=1" --baseline other
    expect_status 125
    expect_err '^vhart: --baseline other: version 7 of such files, and this vhart reads 1'
}

on_a_terminal() {
    terminal_session 2314 "vhart watch -- run --name odd --memory 64M --kernel /guests/odd.elf --append 'timer=8'"
    end_session
    expect_status 0
    expect_out '^[0-9:]* begin timer-storm: odd vCPU 0, '
    expect_out '^  why: the timer is set again'
    expect_out '^[0-9:]* end timer-storm: odd vCPU 0, '
}

a_place_that_is_none() {
    run vhart watch --all --openmetrics /nowhere/m
    expect_status 2
    expect_err '^vhart: --openmetrics /nowhere/m: No such file'
    expect_one_line
}

refuses() {
    pattern=$1
    shift
    run vhart watch "$@"
    expect_status 2
    expect_err "$pattern"
    expect_one_line
}

t "each finding begins once, and is over once" each_begins_and_is_over_once
t_any "with its VM a finding is over" with_its_vm_it_is_over
t "--all: VMs that come and go are followed" vms_come_and_go
t_any "--fail-on: it ends at once, with 121" fails_at_once
t_any "--fail-on: another finding is none of it" does_not_fail_on_another
t_any "--on-finding: commands are told which, and nobody waits for them" commands_are_run
t_any "--openmetrics FILE: how many began, and how many there are" metrics_are_kept
t_any "--openmetrics unix=PATH: the same for who asks" metrics_are_answered
t_any "--baseline: what comes far more often than it did is found" what_is_above_the_baseline
t_any "on a terminal findings are lines of text" on_a_terminal
t_any "a rule that there is not" refuses '--fail-on.*a rule of the table' --all --fail-on none
t_any "intervals that are too short" refuses 'no less' --all --interval 0.1
t_any "a command of nothing" refuses '--on-finding' --all --on-finding ''
t_any "names of one guest, of all" refuses 'no --all' --all --guestvmlinux /guests/linux/Image
t_any "no VM of that name" refuses 'there is no such VM|no VM runs' --name nobody
t_any "a place that takes no metrics" a_place_that_is_none
