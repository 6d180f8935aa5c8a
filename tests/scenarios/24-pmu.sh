# shellcheck shell=dash disable=SC2154,SC2016
# perf in an unmodified Linux guest, with each way to answer its SBI PMU. One host CPU and one instruction a nanosecond, so
# that what is counted and sampled is the same every time. Alone on its host: QEMU delays the next overflow of a counter
# that KVM's PMU had (tests/lab/README.md), and so would whatever ran before.
# lab: hosts=6.12,7.2 icount=yes alone

# What the guest does, a section each; $out keeps all of it.
guest_script='#!/bin/sh
loop="i=0; while [ \$i -lt 1000 ]; do i=\$((i+1)); done"
events=cycles,instructions
echo "== driver"; dmesg | grep riscv-pmu
echo "== list"; perf --no-pager list hw 2>&1
echo "== stat"; perf stat -x, -e $events sh -c "$loop" 2>&1
echo "== user"; perf stat -x, -e instructions:u sh -c "$loop" 2>&1
echo "== kernel"; perf stat -x, -e instructions:k sh -c "$loop" 2>&1
echo "== all"; perf stat -a -x, -e $events sh -c "$loop" 2>&1
echo "== interval"; perf stat -x, -I 10 -e instructions sh -c "$loop" 2>&1
echo "== timer"; perf stat -a -x, -e r8000000000000005 sh -c "$loop" 2>&1
echo "== ipi"; perf stat -a -x, -e r8000000000000006 sh -c "$loop" 2>&1
echo "== exits"; perf stat -a -x, -e rc000000000000001 sh -c "$loop" 2>&1
echo "== nothing"; perf stat -x, -e branch-misses,rc0000000000fffff true 2>&1
# Else the guest takes fewer samples when its handler takes long, which one instruction a nanosecond makes it.
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
record() { perf record -q -o /tmp/$1 -e $2 $3 $4 sh -c "$loop" 2>&1; }
samples() { perf report -i /tmp/$1 --stdio 2>&1 | sed -n "s/^# Samples: \([0-9]*\) .*/\1/p"; }
if [ "$sample" ]; then
echo "== period"; record a cycles -c 50000; samples a
echo "== frequency"; record b instructions -F 4000; samples b
echo "== two"; record c cycles -c 100000 & record d instructions -c 100000; wait; samples c; samples d
fi
echo "== complaints"; dmesg | grep -iE "oops|bug|warning|illegal"
echo "== end"
'

# boot_perf MODE SAMPLE: into /tmp/pmu.MODE
boot_perf() {
    printf '%s\n' "sample=$2" "$guest_script" >"$T/run.sh"
    run vhart run --memory 256M --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh" --pmu "$1"
    tr -d '\r' <"$out" >/tmp/pmu.$mode
    cp "$err" /tmp/pmu.$mode.err
    expect_status 0
    expect_out '^== end'
}

section() { sed -n "/^== $1\$/,/^== /p" /tmp/pmu.$mode | grep -v '^=='; }
# number SECTION EVENT: the count that perf stat -x, printed
number() { section "$1" | awk -F, -v event="$2" '$3 == event || $4 == event { print ($3 == event ? $1 : $2); exit }'; }
# between LOW NUMBER HIGH
between() {
    case $2 in '' | *[!0-9]*) die "not a number: '$2'" ;; esac
    if [ "$2" -lt "$1" ] || [ "$2" -gt "$3" ]; then die "$2 is not within $1 to $3"; fi
}

# near NUMBER WANTED PERCENT
near() {
    between 1 "$2" 1000000000000
    between "$(($2 * (100 - $3) / 100))" "$1" "$(($2 * (100 + $3) / 100))"
}

finds_the_driver() {
    # Of QEMU's 18 two are for cycles and for instructions alone, which take others first: 16 count whatever is asked for.
    if grep -q '^vhart: pmu: kvm' /tmp/pmu.$mode.err; then counters=18; else counters=16; fi
    section driver | grep -q "22 firmware and $counters hardware counters" || die "$(section driver)"
    section list | grep -q 'cpu-cycles OR cycles' || die "no cycles"
    section complaints | grep . && die "the guest's kernel complains"
    return 0
}

# One instruction is one cycle in the lab. The shell's loop of 1000 rounds takes 15 million of them.
counts_a_process() {
    between 10000000 "$(number stat cycles)" 20000000
    near "$(number stat instructions)" "$(number stat cycles)" 1
}

tells_user_from_kernel() {
    user=$(number user instructions:u) kernel=$(number kernel instructions:k) both=$(number stat instructions)
    between 5000000 "$user" "$both"
    between 100000 "$kernel" "$both"
    near "$((user + kernel))" "$both" 3
}

counts_the_whole_machine() {
    between "$(number stat instructions)" "$(number all instructions)" "$(($(number stat instructions) * 3))"
}

# A counter that runs is read by its CSR.
reads_a_running_counter() {
    lines=$(section interval | grep -c ',instructions')
    between 2 "$lines" 20
    sum=$(section interval | awk -F, '{ n += $2 } END { printf "%d", n }')
    near "$sum" "$(number stat instructions)" 5
}

counts_what_the_host_sees() {
    between 3 "$(number exits rc000000000000001)" 100000
}

says_what_it_does_not_have() {
    [ "$(section nothing | grep -cE '<not (supported|counted)>')" = 2 ] || die "$(section nothing)"
}

# due SECTION COUNT PERIOD SHARE: COUNT samples are at least SHARE per cent of those due, and not more than all
due() {
    wanted=$(($2 / $3))
    between "$((wanted * $4 / 100))" "$1" "$((wanted * 105 / 100 + 1))"
}

samples_at_a_period() { due "$(section period)" "$(number stat cycles)" 50000 95; }
samples_at_a_frequency() { between 60 "$(section frequency)" 400; }
samples_two_processes_at_once() {
    # shellcheck disable=SC2046
    set -- $(section two)
    due "$1" "$(number stat cycles)" 100000 95
    due "$2" "$(number stat instructions)" 100000 95
}

says_who_answers() { grep -qE "^vhart: pmu: $1" /tmp/pmu.$mode.err || die "$(cat /tmp/pmu.$mode.err)"; }

counting() {
    t "--pmu $mode: Linux's driver finds the counters, and 22 of firmware" finds_the_driver
    t "--pmu $mode: perf stat counts a process" counts_a_process
    t "--pmu $mode: perf stat tells user from kernel" tells_user_from_kernel
    t "--pmu $mode: perf stat -a counts the machine" counts_the_whole_machine
    t "--pmu $mode: perf stat -I reads counters that run" reads_a_running_counter
    t "--pmu $mode: perf stat says what cannot be counted" says_what_it_does_not_have
}

mode=vmm
t "--pmu vmm: perf runs in a Linux guest" boot_perf vmm yes
t "--pmu vmm: the start line says that it counts and samples" says_who_answers 'vmm: this process counts and samples, profile best$'
counting
t "--pmu vmm: a platform event counts the guest's exits" counts_what_the_host_sees
if lcofi_works; then
    t "--pmu vmm: perf record -c gets 95 of 100 samples at least" samples_at_a_period
    t "--pmu vmm: perf record -F adapts its period" samples_at_a_frequency
    t "--pmu vmm: two processes are sampled at once" samples_two_processes_at_once
else
    skip "--pmu vmm: perf record" "QEMU $LAB_QEMU raises no overflow interrupt"
fi

# What ./demo shows, on this host too.
demo_samples() {
    run vhart run --memory 256M --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" \
        --append 'console=ttyS0 quiet panic=-1' --inject /src/tests/lab/demo-guest:/run.sh
    expect_status 0
    expect_err '^vhart: pmu: vmm: this process counts and samples'
    expect_out '^    perf     [1-9][0-9]*K* samples of instructions'
}
if lcofi_works; then
    t "by default: the PMU is ours, and the demo's guest takes samples" demo_samples
else
    skip "by default: the demo's guest" "QEMU $LAB_QEMU raises no overflow interrupt"
fi

mode=kvm
t "--pmu kvm: perf runs in a Linux guest" boot_perf kvm ''
t "--pmu kvm: the start line says that the restart is mended" says_who_answers 'kvm: .*mended$'
counting

says_not_supported() {
    for part in stat user kernel all nothing timer exits; do
        section $part | grep -qE '<not (supported|counted)>' || die "$part: $(section $part)"
        section $part | grep -vE '<not (supported|counted)>|^$' && die "$part: something else"
    done
    section complaints | grep . && die "the guest's kernel complains"
    return 0
}

mode=off
t_any "--pmu off: a Linux guest runs, and perf in it" boot_perf off ''
t_any "--pmu off: every event is not supported, and nothing breaks" says_not_supported
