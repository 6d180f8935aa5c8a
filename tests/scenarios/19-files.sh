# shellcheck shell=dash
# The files of a run: a result that cannot be written, and boot files that go away or change while the guest runs.
# lab: hosts=any

result_has() {
    for pair; do
        tr -d ' \n' <"$T/result" | grep -qF "$pair" || die "the result has no $pair: $(tr -d '\n' <"$T/result")"
    done
}

# Before the guest has run a single instruction.
no_result() {
    for place in /nowhere/x /tmp; do
        expect_status 125 vhart run --kernel /guests/hello.elf --memory 16M --result $place
        expect_one_line
        expect_err "--result $place: "
        [ ! -s "$out" ] || die "the guest ran: $last"
    done
}

old_result() {
    echo '{"end":"poweroff"}' >result
    talk vhart run --kernel /guests/lost.elf --memory 16M --result result
    await 'lost: '
    kill -KILL "$pid"
    hang_up
    [ ! -s result ] || die "an old result is still there"
}

never_ran() {
    expect_status 125 vhart run --kernel missing --result result
    result_has '"end":"none"' '"status":125' '"fault":"input"' '"boots":0'
    expect_status 125 vhart run --kernel /guests/hello.elf --disk /tmp --result result
    result_has '"end":"none"' '"status":125' '"fault":"host"'
}

# A guest that reboots for ever; CHANGE is made to its kernel, the file k.
reboots_while() {
    cp /guests/reboot.elf k
    talk vhart run --kernel k --memory 16M --result result
    await '^boot'
    "$@"
    before=$(grep -c '^boot' "$out")
}

# It boots what it booted before.
still_reboots() {
    reboots_while "$@"
    until_true has_lines $((before + 3)) '^boot'
    kill -TERM "$pid"
    hang_up
    expect_status 143
    expect_no_out hello
    result_has '"end":"signal"'
}

replace() {
    cp /guests/hello.elf new
    mv new k
}

overwrite() { cat /guests/hello.elf >k; }

overwritten() {
    reboots_while overwrite
    hang_up
    expect_status 125
    expect_err '--kernel k was written to while the VM ran'
    result_has '"end":"host"' '"fault":"input"' '"status":125'
}

# As another user: a program file with more rights than he. A copy: /src keeps none.
privileged() {
    cp "$(command -v vhart)" vhart
    chmod 755 . vhart
    grep -q '^files-user:' /etc/passwd || echo 'files-user:x:1236:1236::/tmp:/bin/sh' >>/etc/passwd
}
as_user() { run su files-user -c "$*"; }

not_with_its_capabilities() {
    privileged
    echo secret >secret
    chmod 600 secret
    for capabilities in cap_dac_read_search cap_dac_override,cap_bpf,cap_perfmon cap_sys_admin; do
        setcap "$capabilities+ep" vhart
        as_user "$T/vhart" run --kernel /guests/hello.elf --memory 16M --initrd "$T/secret"
        expect_status 125
        expect_err 'secret: Permission denied'
        expect_err 'warning: .*only CAP_BPF and CAP_PERFMON are used'
    done
}

keeps_what_opens_nothing() {
    privileged
    setcap all+ep vhart
    # Others of this host may have left it open to all.
    mode=$(stat -c %a /dev/kvm)
    chmod 600 /dev/kvm
    as_user "$T/vhart" probe
    chmod "$mode" /dev/kvm
    expect_out '^  KVM .*missing .*/dev/kvm: Permission denied'
    expect_out '^  BPF permission .*this process has CAP_BPF and CAP_PERFMON'
    expect_out '^  BPF  .* ok  .*a tracing program was loaded'
    setcap cap_bpf,cap_perfmon+ep vhart
    expect_status 0 su files-user -c "$T/vhart version"
    expect_no_err .
}

not_set_id() {
    privileged
    for mode in 4755 2755; do
        chmod $mode vhart
        as_user "$T/vhart" version
        expect_status 125
        expect_one_line
        expect_err 'set-user-ID or set-group-ID.*chmod ug-s'
    done
}

t "a result that cannot be written: known before the guest runs" no_result
t "the result of a run before is no result of this one" old_result
t "a run that does not start has a result" never_ran
t "a kernel that is removed: a reset boots it again" still_reboots rm k
t "a kernel that is replaced: a reset boots the old one" still_reboots replace
t "a kernel that is overwritten: one line, status 125, a result" overwritten
t "file capabilities of vhart open no file of root's" not_with_its_capabilities
t "CAP_BPF and CAP_PERFMON of the file are kept, all others are not" keeps_what_opens_nothing
t "a vhart that is set-user-ID or set-group-ID does not run" not_set_id
