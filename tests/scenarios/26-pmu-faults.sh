# shellcheck shell=dash disable=SC2154
# The SBI PMU of this process: apart from all others, and with a host that gives it less than it wants.
# Counts are compared, so under icount and on one host CPU: QEMU's counters then count one thread at a time.
# lab: hosts=6.12,7.2 icount=yes

pmu_guest() {
    image=$1
    shift
    run vhart run --pmu vmm --kernel "/guests/$image.elf" --memory 64M --cpus 2 --timeout 110 "$@"
}

passes() {
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^1\.\.'
}

# ---- isolation ----

exits=139480405
if lcofi_works; then overflow=1; else overflow=0; fi

stays_apart() {
    pmu_guest pmu_isolation --pmu-profile "$1" --append "$2"
    passes
    expect_no_err 'warning|error'
}

count_here() {
    perf stat -x, -o "$1.csv" -e instructions:u awk 'BEGIN { while (i < 300000) i++ }' 2>/dev/null
    sed -n 's/^\([0-9]*\),.*instructions.*/\1/p' "$1.csv" >"$1"
}

# Within a thousandth.
near() { [ "${1:-0}" -ge $((${2:-0} * 999 / 1000)) ] && [ "$1" -le $(($2 * 1001 / 1000)) ] && [ "$2" -gt 1000000 ]; }

# Two VMs and perf on the host at the same time: the same event, on one CPU.
each_its_own() {
    vhart run --pmu vmm --kernel /guests/pmu_isolation.elf --memory 64M --timeout 110 --append "rounds=60 work=3000000" >other 2>&1 &
    other=$!
    count_here beside &
    host=$!
    pmu_guest pmu_isolation --append "rounds=90 work=2000000 overflow=$overflow"
    wait $other || die "the other VM: $(cat other)"
    wait $host
    passes
    ! grep -q '^not ok' other || die "the other VM: $(grep '^not ok' other)"
    grep -q '^1\.\.3' other || die "the other VM did not come to its end"
    count_here alone
    near "$(cat beside)" "$(cat alone)" || die "perf on the host counted $(cat beside), and alone $(cat alone)"
}

t "scounteren is the guest's own, and user mode gets what it allows" stays_apart best ''
t_any "the same by exits" stays_apart best "eid=$exits"
t "user mode reads as with KVM's PMU" stays_apart linux-7.2 open=1
t_any "two VMs and perf on the host count each its own" each_its_own
as "a guest of the library's counts its calls and instructions" counters
guests_pass

# ---- a host that gives less than is wanted ----

# How many events vhart opens before the guest has any: to see what the host has. Looked at once.
own_events() {
    own=$(cat /tmp/pmu-own-events 2>/dev/null) && return
    run strace -f -o before --seccomp-bpf -e trace=perf_event_open vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --cpus 2 --timeout 110 --append part=1
    passes
    own=$(grep -c 'perf_event_open(' before)
    echo "$own" >/tmp/pmu-own-events
}

# refused WHEN ERROR LINE: perf_event_open fails from its call WHEN on (N, or own+N: of the guest's); the guest has NOT_SUPPORTED and goes on, the user one line.
refused() {
    when=$1
    case $when in
        own+*)
            own_events
            when=${when#own+}
            case $when in *+) when=$((own + ${when%+}))+ ;; *) when=$((own + when)) ;; esac
            ;;
    esac
    run strace -f -o trace --seccomp-bpf -e trace=perf_event_open -e "inject=perf_event_open:error=$2:when=$when" \
        vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --result result --append "refused=$3"
    passes
    grep -q "$2.*INJECTED" trace || die "nothing was injected: $(cat trace)"
    [ "$(grep -cE "$4" "$err")" = 1 ] || die "not one line '$4': $(cat "$err")"
    grep -q '"end":"poweroff"' result || die "the result: $(cat result)"
}

# As many descriptors as the machine takes, and some more.
few_descriptors() {
    limit_n=20 status=1
    while [ "$status" != 0 ] && [ $limit_n -lt 200 ]; do
        limit_n=$((limit_n + 4))
        run sh -c "ulimit -n $limit_n; exec vhart run --pmu vmm --kernel /guests/hello.elf --memory 64M --timeout 110"
    done
    expect_status 0
    run sh -c "ulimit -n $((limit_n + 8)); exec vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --append \"refused=1 firmware=0\""
    passes
    [ "$(grep -c 'perf_event_open: Too many open files' "$err")" = 1 ] || die "not one line: $(cat "$err")"
    [ "$(grep -c 'no firmware events are counted: .*Too many open files' "$err")" = 1 ] || die "not one line: $(cat "$err")"
}

no_bpf() {
    run strace -f -o trace --seccomp-bpf -e trace=bpf -e "inject=bpf:error=$1" \
        vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --append "eid=$exits firmware=0"
    refused_without_bpf "$2"
}

# Not half of it: Linux would have no PMU at all.
refused_without_bpf() {
    expect_status 125
    expect_no_out .
    expect_err "^vhart: --pmu vmm: .*$1.*--pmu auto.*--pmu exit"
    [ "$(wc -l <"$err")" = 1 ] || die "not one line: $(cat "$err")"
}

# A user who may use KVM and nothing else.
nobody() {
    before=$(cat /proc/sys/kernel/perf_event_paranoid) mode=$(stat -c %a /dev/kvm)
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd
    echo "$1" >/proc/sys/kernel/perf_event_paranoid
    chmod 666 /dev/kvm
    run start-stop-daemon -S -c nobody -x "$(command -v vhart)" -- \
        run --pmu "$3" --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --append "eid=$exits firmware=0 refused=$2"
    echo "$before" >/proc/sys/kernel/perf_event_paranoid
    chmod "$mode" /dev/kvm
}
nobody_without_bpf() {
    nobody 1 0 vmm
    refused_without_bpf 'no right to load BPF programs'
}
nobody_by_exits() {
    nobody "$1" "$2" exit
    passes
    expect_err '^vhart: pmu: exit: at EID 0x08504D55 only, where Linux does not look: this process'
    [ "$(grep -c 'pmu: exit' "$err")" = 1 ] || die "not one line"
}

raw_events() {
    pmu_guest pmu_faults --append part=3
    passes
    expect_no_err 'warning|error'
}

# takes EVENTS: perf counts them, pinned, on every CPU, until give_back.
takes() {
    perf stat -a -e "$1" sleep 1000 >taken 2>&1 &
    taker=$!
    until_true has_counters "$taker" "$2"
}
# shellcheck disable=SC2010
has_counters() { [ "$(ls -l "/proc/$1/fd" | grep -c perf_event)" -ge "$2" ]; }
give_back() { ends "$taker"; }

# All that can count cycles.
taken_later() {
    talk vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --append part=5
    await 'it counts'
    takes cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD,cycles:uD 17
    await 'it counts nothing'
    give_back
    hang_up
    passes
    [ "$(grep -c 'the host took counter 0 away' "$err")" -le 1 ] || die "more than one line: $(cat "$err")"
}

# Twelve of QEMU's programmable counters; cycles and instructions have one each besides.
taken_counters() {
    takes dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD,dTLB-load-misses:uD 12
    pmu_guest pmu_faults --append "part=4 free=6"
    give_back
    passes
}

snapshot_pages() {
    pmu_guest pmu_faults --append part=1
    passes
    expect_no_err 'warning|error'
}

# Root switches the function tracer off, and so ends the programs that hang on it.
detached() {
    talk vhart run --pmu vmm --kernel /guests/pmu_faults.elf --memory 64M --timeout 110 --append part=2
    await 'calls are answered'
    echo 0 >/proc/sys/kernel/ftrace_enabled
    await 'do not get here any more' "$err"
    hang_up
    echo 1 >/proc/sys/kernel/ftrace_enabled
    passes
    [ "$(grep -c 'do not get here any more' "$err")" = 1 ] || die "not one line: $(cat "$err")"
}

# perf in a Linux guest, which gets some of its events and says so of the others.
linux_goes_on() {
    printf '%s\n' 'for i in 1 2 3; do perf stat -x, -e cycles,instructions,dTLB-load-misses,dTLB-store-misses,iTLB-load-misses true 2>&1; done; echo the end' >"$T/run.sh"
    run strace -f -o trace --seccomp-bpf -e trace=perf_event_open -e "inject=perf_event_open:error=$1:when=$2" \
        vhart run --pmu vmm --memory 256M --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" --timeout 110 \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    expect_out '^the end'
    expect_out '<not (supported|counted)>'
    expect_no_out 'Oops|BUG|panic'
    grep -q INJECTED trace || die "nothing was injected"
}

t_any "perf_event_open refused from the start: firmware events only" refused 1+ EACCES 18 'firmware events only \(perf_event_open: Permission denied'
t_any "EACCES from the second counter on" refused own+2+ EACCES 10 'Permission denied: the guest gets NOT_SUPPORTED'
t_any "EMFILE" refused own+4+ EMFILE 10 'Too many open files: the guest gets NOT_SUPPORTED'
t_any "EBUSY" refused own+3+ EBUSY 10 'busy: the guest gets NOT_SUPPORTED'
t_any "ENOMEM, once" refused own+5 ENOMEM 1 'Cannot allocate memory: the guest gets NOT_SUPPORTED'
t_any "ENOENT, which only the guest is told" refused 2+ ENOENT 17 'this process count'
t_any "few file descriptors" few_descriptors
t_any "no permission for BPF" no_bpf EPERM 'Operation not permitted'
t_any "no BPF" no_bpf ENOSYS 'Function not implemented'
t_any "no types" no_bpf ESRCH:when=4+ 'No such process'
t "a user without BPF is refused, with the ways out" nobody_without_bpf
t "by exits, a user whom perf is open to, without BPF" nobody_by_exits 1 0
t "by exits, a user without rights" nobody_by_exits 2 18
t "by exits, a user where perf is closed altogether" nobody_by_exits 4 18
t "raw events that no counter counts are not supported, and nobody is told of it" raw_events
t "counters that another user of perf has are not supported" taken_counters
t "counters that are taken while the guest counts count nothing" taken_later
t "the snapshot page in a hole, moved, and of two harts" snapshot_pages
t "the programs end under a running guest" detached
t_any "perf in a Linux guest goes on without some events" linux_goes_on EMFILE 4+
