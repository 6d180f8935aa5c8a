# shellcheck shell=dash disable=SC2154
# vhart stat --findings: a guest that does odd things has them found, each as what it is, and one that does none has none.
# 38-slow.sh has more of them.
# lab: hosts=6.12,7.2 smp=2

# shellcheck source=tests/scenarios/stat.sh
. "$here/stat.sh"

# odd FILE WORDS [OPTIONS]: the findings of the guest that does what WORDS say
odd() {
    file=$1 words=$2
    shift 2
    run vhart stat --findings --json -o "$file" "$@" -- run --name odd --cpus 2 --memory 64M --kernel /guests/odd.elf --append "$words"
    expect_status 0
    expect_out 'end$'
}
# finding FILE RULE: its object
finding() { grep "\"type\":\"finding\",\"rule\":\"$2\"" "$1"; }
found() {
    for rule; do
        finding odd "$rule" >/dev/null || die "no $rule: $(grep '"type":"finding' odd)"
    done
}

storms_are_found() {
    odd odd "idle=15 timer=6 wfi=6 ipi=6 fence=6 csr=6"
    found timer-storm wfi-storm ipi-storm fence-storm csr-storm exit-storm
    finding odd csr-storm | grep -q '"vm":"odd",.*"vcpu":0,.*"function":"read_csr+' || die "not where: $(finding odd csr-storm)"
    expect_eq "findings" "$(grep -c '"type":"finding",' odd)" "$(sed -n 's/.*"type":"findings","count":\([0-9]*\).*/\1/p' odd)"
}

devices_are_found() {
    odd odd "device=8 console=8"
    found device-register console
    finding odd device-register | grep -q '"device":"0x101010","device_name":"rtc+0x10 ' || die "another: $(finding odd device-register)"
}

# Of a guest that does nothing else: no second of it may be whole. So many of each that an interval that ends in between
# leaves enough on one side.
walks_are_found() {
    odd odd "unanswered=400 probe=800 walk=300"
    found unanswered-calls sbi-probing address-walk
}

calls_that_fail_are_found() {
    # There are 38: half of them are in one interval, wherever it ends.
    odd odd "idle=2 failing=8 csrs=2"
    found failing-calls csr-walk
    finding odd failing-calls | grep -q '"exit":"sbi hsm.hart_get_status","error":-3,' || die "another: $(finding odd failing-calls)"
}

misaligned_accesses_are_found() {
    odd odd "misaligned=8"
    found misaligned
}

# Overflows come as QEMU's timers do: on a busy machine tens of milliseconds apart.
many_samples_are_found() {
    odd odd "samples=8" --threshold lcofi-storm=2
    found lcofi-storm
}

# The guest is idle for long enough to have a past, and then takes RAM that it never had.
late_faults_are_found() {
    run vhart stat --findings --json -o odd -- run --name odd --memory 1G --kernel /guests/odd.elf --append "idle=14 touch=900"
    expect_status 0
    found ram-faults
}

# Two that compute, and one CPU.
one_that_waits_is_found() {
    vhart run --name other --memory 64M --affinity 0 --kernel /guests/odd.elf --append "work=100000" >console 2>&1 &
    other=$!
    until_true has_line begin console
    run vhart stat --findings --json -o odd -- run --name odd --memory 64M --affinity 0 --kernel /guests/odd.elf --append "work=9"
    ends $other
    expect_status 0
    found waiting
}

a_reset_loop_is_found() {
    run vhart watch --fail-on reset-loop -- run --name odd --memory 32M --pmu off --kernel /guests/reboot.elf
    expect_status 121
    grep -q '"event":"begin",.*"rule":"reset-loop",.*"exit":"sbi srst.system_reset"' "$err" || die "another: $(cat "$err")"
}

another_trap_vector_is_found() {
    odd odd "idle=1 vector=13"
    found trap-vector
    finding odd trap-vector | grep -q '"vcpu":0,' || die "another: $(finding odd trap-vector)"
}

# Each of these is done, and none for long.
nothing_odd_has_no_findings() {
    run vhart stat --findings -- run --memory 64M --kernel /guests/odd.elf \
        --append "work=1 timer=1 idle=3 ipi=1 unanswered=50 probe=100 walk=30 csr=1"
    expect_status 0
    expect_err '^findings: none$'
}

thresholds_are_the_users() {
    run vhart stat --findings --threshold timer-storm=99.9 --threshold exit-storm=1000000 -- run --memory 64M --kernel /guests/odd.elf --append "timer=5"
    expect_status 0
    expect_err '^findings: none$'
}

# ends_with STATUS LINE OPTIONS: of a guest that sets timers without end, and ends with 0
ends_with() {
    status_wanted=$1 line=$2
    shift 2
    run vhart stat "$@" -- run --memory 64M --kernel /guests/odd.elf --append "timer=8"
    expect_status "$status_wanted"
    expect_err '^timer-storm: '
    if [ -n "$line" ]; then expect_err "^vhart: $line"; else expect_no_err 'fail-on'; fi
}

fails_on_what_is_asked_for() {
    ends_with 121 '--fail-on timer-storm: there is such a finding' --fail-on csr-storm --fail-on timer-storm
    ends_with 0 '' --fail-on csr-storm
    ends_with 121 '--fail-on [a-z]*-storm: there is such a finding' --fail-on any
}

# linux_has_none CPUS: a quiet one, from its first instruction to power-off
linux_has_none() {
    echo 'sleep 8; ls -lR /bin >/dev/null; dd if=/dev/zero of=/tmp/x bs=64k count=100 2>/dev/null; sleep 3' >run.sh
    run vhart stat --findings -- run --cpus "$1" --memory 256M --kernel /guests/linux/Image --initrd /guests/linux/initrd-small \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    expect_err '^findings: none$'
}

# Whoever starts a VM on a terminal sees the worst without asking, a line each.
on_a_terminal() {
    terminal_session 2313 "vhart stat -- run --name odd --memory 64M --kernel /guests/odd.elf --append 'timer=8 unanswered=200'"
    end_session
    expect_status 0
    expect_out '^timer-storm: odd vCPU 0, '
    expect_out '^unanswered-calls: odd vCPU 0, '
    expect_no_out 'why: '
}

t_any "storms of exits are found, and told apart" storms_are_found
t_any "one register and a console that take the time are found" devices_are_found
t_any "walks over calls and addresses are found" walks_are_found
t "calls that fail each time, and walks over CSRs are found" calls_that_fail_are_found
t_any "misaligned accesses are found" misaligned_accesses_are_found
if lcofi_works; then
    t "sampling that is work of its own is found" many_samples_are_found
else
    skip "sampling that is work of its own is found" "this QEMU raises no LCOFI"
fi
t_any "RAM that is taken late is found" late_faults_are_found
t_any "a vCPU that waits for its CPU is found" one_that_waits_is_found
t_any "a guest that resets in a loop is found" a_reset_loop_is_found
t_any "a kernel that gets another trap vector is found" another_trap_vector_is_found
t_any "what is not for long is nothing" nothing_odd_has_no_findings
t_any "thresholds can be set" thresholds_are_the_users
t_any "--fail-on: the exit status says that there is one" fails_on_what_is_asked_for
t "a quiet Linux has none" linux_has_none 1
t_any "a quiet Linux of two vCPUs has none" linux_has_none 2
t_any "on a terminal they follow the table" on_a_terminal
t_any "a rule that there is not" refuses '--threshold.*RULE=VALUE with a rule' --findings --threshold tmer-storm=3
t_any "a threshold that is no number" refuses '--threshold.*a number above 0' --findings --threshold timer-storm=0
t_any "--fail-on of no rule" refuses '--fail-on.*a rule of the table' --fail-on none
t_any "a threshold of nothing" refuses 'add that' --threshold timer-storm=5
t_any "findings as CSV" refuses 'no --csv' --findings --csv
