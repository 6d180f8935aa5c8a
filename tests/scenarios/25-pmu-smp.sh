# shellcheck shell=dash disable=SC2154,SC2016
# perf in a Linux guest of several harts: counters of harts that run, a hart that goes and comes back. How much is counted
# is not compared: without icount the lab's counters are the host's clock.
# lab: hosts=6.12,7.2 smp=2
# lab: hosts=7.2 smp=2 aia=none

guest_script='#!/bin/sh
cat >/many <<X
#!/bin/sh
busy() { i=0; while [ \$i -lt 1000 ]; do i=\$((i+1)); done; }
busy & busy & busy & busy & wait
X
chmod 755 /many
echo "== all"; perf stat -a -A -x, -e instructions /many 2>&1
echo "== interval"; (sleep 1; /many) & perf stat -a -x, -I 200 --interval-count 10 -e cycles 2>&1; wait
echo "== sent"; perf stat -a -x, -e r8000000000000006 /many 2>&1
echo "== received"; perf stat -a -x, -e r8000000000000007 /many 2>&1
echo "== calls"; perf stat -a -x, -e rc000000000000002 /many 2>&1
echo "== offline"; echo 0 >/sys/devices/system/cpu/cpu3/online; perf stat -a -A -x, -e instructions sleep 0.2 2>&1
echo "== online"; echo 1 >/sys/devices/system/cpu/cpu3/online; perf stat -a -A -x, -e instructions /many 2>&1
echo "== complaints"; dmesg | grep -iE -A 30 "oops|bug|warning|illegal|stopped with error|starting counter"
echo "== end"
'

boot_perf() {
    printf '%s\n' "$guest_script" >"$T/run.sh"
    run vhart run --memory 256M --cpus 4 --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh" --pmu "$1"
    tr -d '\r' <"$out" >"/tmp/smp.$1"
    expect_status 0
    expect_out '^== end'
}

section() { sed -n "/^== $1\$/,/^== /p" "/tmp/smp.$mode" | grep -v '^=='; }
# harts_that_counted SECTION: lines of perf stat -A with a number that is not 0
harts_that_counted() { section "$1" | grep -cE '^CPU[0-9]+,[1-9][0-9]*,'; }

each_hart_counts() { expect_eq "the harts that counted" "$(harts_that_counted all)" 4; }
reads_harts_that_run() {
    # Each but the first, which may end before the counters run. How long they are is up to the host.
    counted=$(section interval | grep -cE '^[0-9.]+,[1-9][0-9]*,')
    [ "$counted" -ge 9 ] || die "only $counted of 10 intervals have a count"
}
misses_the_hart_that_is_gone() { expect_eq "the harts that counted" "$(harts_that_counted offline)" 3; }
has_the_hart_back() { expect_eq "the harts that counted" "$(harts_that_counted online)" 4; }
# With what the kernel says behind it, as that tells what it is about.
complains_of_nothing() { if section complaints | grep .; then die "see above"; fi; }

count() { section "$1" | awk -F, '$2 == "" { print $1 }'; }
# Harts interrupt each other by SBI calls that KVM answers where they have no IMSIC.
counts_what_kvm_answers() {
    for part in sent received calls; do
        case $(count $part) in '' | *[!0-9]*) die "$part: $(section $part)" ;; esac
    done
    if grep -q ssaia /proc/cpuinfo; then
        expect_eq "IPIs sent by calls" "$(count sent)" 0
        return
    fi
    [ "$(count sent)" -gt 0 ] || die "nobody sent an IPI"
    [ "$(count received)" -gt 0 ] || die "nobody received an IPI"
    [ "$(count calls)" -gt 0 ] || die "nobody made a call"
}

for mode in vmm kvm; do
    # The kernel's own is beside it, to compare with.
    if [ $mode = kvm ]; then test=t_any; else test=t; fi
    $test "--pmu $mode, 4 harts: perf runs in a Linux guest" boot_perf $mode
    $test "--pmu $mode, 4 harts: each counts" each_hart_counts
    $test "--pmu $mode, 4 harts: counters that run are read" reads_harts_that_run
    $test "--pmu $mode, 4 harts: one that is off does not count" misses_the_hart_that_is_gone
    $test "--pmu $mode, 4 harts: it counts again when it is back" has_the_hart_back
    [ $mode = kvm ] || t "--pmu $mode, 4 harts: firmware events count what KVM answers" counts_what_kvm_answers
    $test "--pmu $mode, 4 harts: the guest's kernel does not complain" complains_of_nothing
done
