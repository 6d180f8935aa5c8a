# shellcheck shell=dash disable=SC2154
# vhart stat --html: a page has what the table has, however the watching ends, and is there whole or not at all.
# lab: hosts=any

# has PATTERN...: lines of the page p
has() {
    for pattern; do
        grep -qE -- "$pattern" p || die "no $pattern in the page: $(grep -c . p) lines"
    done
    expect_eq "the end of the page" "$(tail -n 1 p)" '</html>'
    expect_eq "scripts" "$(grep -c '<script' p)" 1
}

# 300 of each of them on each of 2 harts.
has_what_was_counted() {
    run vhart stat --html p --json -o j -- run --name web1 --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf \
        --append "harts=2 calls=300 mmio=50 halts=4 us=1000 spin=100000"
    expect_status 0
    has '<h1>web1</h1>' '<th scope="row">base.probe_extension</th><td>600</td>' '<th scope="row">kernel</th><td>/[^<]*/exits.elf<' \
        '>vcpu1<small>[a-z]+ [0-9.]+ %' '<path class="guest" data-name="guest" d="M[0-9]+ 100h' '>all exits<small>[1-9]' \
        '>sbi base.probe_extension<small>half within [0-9.]+(n|u|m)s, ' '<td>BPF at tracepoints' '<h2>Findings</h2>'
    grep -q '"sub":"base.probe_extension","count":600,' j || die "another table: $(grep probe_extension j)"
    # Findings are in the page; the objects are those of --findings.
    ! grep -q '"type":"finding' j || die "findings in the JSON"
    head -c 60 p | grep -q '^<!DOCTYPE html>$' || die "no document: $(head -c 60 p)"
}

findings_are_the_same() {
    run vhart stat --findings --html p -- run --name odd --memory 64M --kernel /guests/odd.elf --append "timer=8"
    expect_status 0
    line=$(grep '^timer-storm: ' "$err")
    has "<strong>$(printf '%s' "$line" | sed 's/[.+]/\\&/g')</strong>" 'try: give the guest Sstc, coarser timers'
}

# A recording of exits, and one of samples, has them as well: above the table, and on its page.
of_recordings_too() {
    for event in exits cpu-clock; do
        run vhart record -o r -e $event -- run --name odd --memory 64M --kernel /guests/odd.elf --append "timer=8"
        expect_status 0
        run vhart report -i r --html p --limit 1
        expect_status 0
        line=$(grep '^# timer-storm: odd vCPU 0, ' "$out") || die "nothing above the table: $(cat "$out")"
        has "<strong>$(printf '%s' "${line#\# }" | sed 's/[.+]/\\&/g')</strong>" 'try: give the guest Sstc, coarser timers'
    done
}

# Of a VM that runs, until Ctrl-C.
a_signal_ends_it() {
    vhart run --name spin --memory 64M --kernel /guests/spin.elf >vm.out 2>&1 &
    vm=$!
    pid=$vm
    until_true vm_is_there
    vhart stat --html p -p $vm -i 0.5 -o tables 2>stat.err &
    stat=$!
    pid=$stat
    until_true two_tables
    [ ! -e p ] || die "there is a page before its end"
    kill -INT $stat
    wait $stat || die "$(cat stat.err)"
    has '<h1>spin</h1>' '>vcpu0<small>guest '
    ends $vm
}
vm_is_there() { vhart stat -p "$vm" --once -i 0.1 2>/dev/null | grep -q 'EXIT REASON'; }
two_tables() { [ "$(grep -c 'EXIT REASON' tables 2>/dev/null)" -ge 2 ]; }

bad_places_are_refused() {
    run vhart stat --html /nowhere/p -- run --memory 64M --kernel /guests/hello.elf
    expect_status 125
    expect_err '^vhart: --html /nowhere/p: No such file or directory: '
    expect_one_line
    mkdir small
    mount -t tmpfs -o size=8k tmpfs small
    run vhart stat --html small/p -o table -- run --memory 64M --pmu off --kernel /guests/hello.elf
    left=$(ls small)
    umount small
    expect_status 125
    expect_err '^vhart: --html small/p: No space left on device: '
    expect_eq "what is left" "$left" ''
    run vhart stat --html p --openmetrics m -p 1
    expect_status 2
    expect_err '^vhart: --openmetrics and --html exclude each other'
}

t "a page has what was counted" has_what_was_counted
t "and the findings, as they are said" findings_are_the_same
t "of recordings too" of_recordings_too
t "a signal ends it, and there is a page" a_signal_ends_it
t "a place that takes no page is said" bad_places_are_refused
