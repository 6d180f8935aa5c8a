# shellcheck shell=dash disable=SC2034,SC2154
# Many VMs: metrics of all of them, and completions that name them.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

from_socket=$(dirname "$(command -v vhart)")/tests/scenarios/from_socket

# spins NAME [OPTIONS]: a guest that only spins, in the background, as long as the test lasts; $vm is its process.
spins() {
    name=$1
    shift
    vhart run --name "$name" --memory 64M --pmu off --kernel /guests/exits.elf --append "spin=100000000000" "$@" \
        >"$T/$name.out" 2>&1 </dev/null &
    vm=$!
    pid=$vm
    await begin "$T/$name.out"
}

# value FILE METRIC LABELS: of the sample whose labels have these words
value() { grep "^$2{.*$3" "$1" | sed 's/.* //'; }

# is_whole FILE: families, samples, and the end
is_whole() {
    has_line '^# TYPE vhart_exits counter$' "$1" && has_line '^vhart_stat_info[{]version="[0-9.]+",way=".+"[}] 1$' "$1" &&
        [ "$(tail -n 1 "$1")" = '# EOF' ]
}

all_vms_are_in_one_file() {
    spins one
    first=$vm
    spins two --cpus 2
    run vhart stat --all --once --openmetrics m.prom
    ends $vm
    expect_status 0
    [ ! -s "$out" ] || die "a table, too: $(cat "$out")"
    is_whole m.prom || die "$(cat m.prom)"
    for words in "vm=\"one\",pid=\"$first\",vcpu=\"0\"" "vm=\"two\",pid=\"$vm\",vcpu=\"0\"" "vm=\"two\",pid=\"$vm\",vcpu=\"1\""; do
        [ -n "$(value m.prom vhart_vcpu_seconds_total "$words,state=\"guest\"")" ] || die "nothing of $words: $(cat m.prom)"
    done
    [ "$(value m.prom vhart_exits_total 'vm="one".*reason="irq",sub="s_timer"')" -gt 0 ] || die "no exits: $(cat m.prom)"
    expect_eq "files beside it" "$(ls m.prom*)" m.prom
}
t "stat --openmetrics: the counts of all VMs are in one file" all_vms_are_in_one_file

# Counted with the numbers of vhart stat itself; at the end of the VM the file has all.
counts_are_exact() {
    run vhart stat --openmetrics m.prom -- run --cpus 2 --memory 64M --pmu kvm --kernel /guests/exits.elf \
        --append 'harts=2 calls=100 mmio=50 csr=30 halts=5 us=20000 spin=1000000'
    expect_status 0
    is_whole m.prom || die "$(cat m.prom)"
    for hart in 0 1; do
        expect_eq "calls of hart $hart" "$(value m.prom vhart_exits_total "vcpu=\"$hart\",reason=\"sbi\",sub=\"ipi.send_ipi\"")" 100
        expect_eq "accesses of hart $hart" \
            "$(value m.prom vhart_exits_total "vcpu=\"$hart\",reason=\"load_guest_page_fault\",sub=\"mmio\"")" 150
        expect_eq "those of the VMM" \
            "$(value m.prom vhart_exits_to_vmm_total "vcpu=\"$hart\",reason=\"load_guest_page_fault\",sub=\"mmio\"")" 150
    done
}
t "stat --openmetrics: exits whose number is known are counted to the unit" counts_are_exact

# file_has WORDS: whole, whenever it is looked at
file_has() {
    cp m.prom seen 2>/dev/null && is_whole seen && has_line "$1" seen
}
a_file_is_kept_up_to_date() {
    talk vhart stat --all -i 0.2 --openmetrics m.prom
    until_true is_whole m.prom
    stat_pid=$pid
    spins late
    pid=$stat_pid
    until_true file_has 'vm="late"'
    ends $vm
    # timeout passes it on.
    kill -TERM "$pid"
    hang_up
    is_whole m.prom || die "$(cat m.prom)"
}
t_any "stat --openmetrics: VMs that come later are found, and the file is whole at any time" a_file_is_kept_up_to_date

socket_has() {
    "$from_socket" m.sock >seen 2>/dev/null && is_whole seen && has_line "$1" seen
}
a_socket_has_the_moment() {
    talk vhart stat --all --openmetrics unix=m.sock
    until_true socket_has '^# TYPE vhart_vcpu_seconds counter$'
    expect_eq "its mode" "$(stat -c %a m.sock)" 600
    stat_pid=$pid
    spins one
    pid=$stat_pid
    until_true socket_has 'vm="one"'
    before=$(value seen vhart_vcpu_seconds_total 'vm="one".*state="guest"')
    until_true later "$before"
    ends $vm
    kill -TERM "$pid"
    hang_up
    [ ! -e m.sock ] || die "its socket is left"
}
# The time in the guest goes on.
later() {
    socket_has 'vm="one"' && awk -v a="$1" -v b="$(value seen vhart_vcpu_seconds_total 'vm="one".*state="guest"')" \
        'BEGIN { exit !(b > a) }'
}
t_any "stat --openmetrics unix=PATH: each client gets the counts of its moment" a_socket_has_the_moment

# refuses WORDS OPTIONS
refuses() {
    words=$1
    shift
    run vhart stat --all "$@"
    [ "$status" != 0 ] || die "it is taken"
    expect_err "$words"
    expect_one_line
}
wrong_places_are_said() {
    refuses 'expected FILE or unix=PATH' --openmetrics unix=
    refuses 'no --json, --csv or -o with it' --json --openmetrics m
    ln -s elsewhere link
    refuses 'it is no ordinary file' --once --openmetrics link
    refuses 'No such file or directory' --once --openmetrics no/m
    : >file
    refuses 'there is something already' --openmetrics unix=file
    # A VM that would be started does not begin.
    for place in no/m unix=file unix=no/s; do
        run vhart stat --openmetrics "$place" -- run --memory 64M --pmu off --kernel /guests/exits.elf
        expect_status 125
        expect_err "--openmetrics"
        expect_one_line
        [ ! -s "$out" ] || die "the guest has begun: $(cat "$out")"
    done
}
t_any "stat --openmetrics: places that cannot be written are said in one line" wrong_places_are_said

# offers LINE...: one completion of the words, the last of which is typed
offers() {
    line=$1
    shift
    vhart complete -- "$@" >said || die "status $?"
    cut -f 1 said | grep -qxF -e "$line" || die "no '$line' of '$*': $(cat said)"
}
vms_and_verbs_are_completed() {
    spins web1 --control "$T/s"
    other=$vm
    spins web2
    offers web1 ctl w
    cut -f 1 said | grep -qxF web2 && die "one without a control socket: $(cat said)"
    offers web2 stat --name w
    offers "$other" stat -p ""
    offers status ctl web1 st
    offers --kernel stat -- run --ker
    offers --transport=pci run --transport=p
    ends $vm
    ends $other
}
t_any "completions have the VMs that run, and the verbs" vms_and_verbs_are_completed
