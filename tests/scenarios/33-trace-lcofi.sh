# shellcheck shell=dash disable=SC2154,SC2016
# vhart trace -e lcofi: the path of each sample that perf takes in a Linux guest. One host CPU and one instruction a
# nanosecond, as in 24-pmu.sh; alone, for the same reason.
# lab: hosts=6.12,7.2 icount=yes alone

# samples MODE LEAST: into path; the guest has at least so many samples, and each of them has its path. An interrupt that
# finds its counter stopped has no sample: when the guest's profiler lets go of it as it overflows.
samples() {
    printf '%s\n' 'perf record -o /tmp/a -e cycles -c 200000 sh -c "i=0; while [ \$i -lt 1000 ]; do i=\$((i+1)); done" 2>&1' >run.sh
    run vhart trace -e lcofi -T -o path -- run --memory 256M --kernel /guests/linux/Image --initrd /guests/linux/initrd \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --pmu "$1"
    expect_status 0
    taken=$(sed -n 's/.*Captured and wrote .* (\([0-9]*\) samples).*/\1/p' "$out")
    cp path /tmp/path
    [ "${taken:-0}" -ge "$2" ] || die "$taken samples"
    paths=$(grep -c "lcofi: .* injected by $1[ ,].*" path)
    usual=$(grep -c "irq lcofi: overflow, .* injected by $1[ ,].*" path)
    if [ "$paths" -lt "$taken" ] || [ "$paths" -gt $((taken + taken / 10 + 1)) ] || [ $((usual * 2)) -lt "$taken" ]; then
        die "$paths paths, $usual of them usual ones, of $taken samples; $(cat "$err"); others: $(grep -v "irq lcofi: overflow, .* injected by $1[ ,]" path)"
    fi
}

# in_order PATTERN: what matches comes in this order; most samples in less than 100 us, whatever else the host did meanwhile
in_order() {
    # Milliseconds of three digits as microseconds.
    sed -i -E 's/([0-9]+)[.]([0-9]{2})ms/\1\20us/g; s/([0-9]+)[.]([0-9])ms/\1\200us/g' /tmp/path
    sed -n 's/[+,]//g; s/.*irq lcofi: overflow \([0-9.]*\)us [a-z() ]* \([0-9.]*\)us [a-z() ]* \([0-9.]*\)us [a-z'"'"' ]* <.*/\1 \2 \3/p' /tmp/path >numbers
    expect_eq "paths with times" "$(grep -c . numbers)" "$(grep -c 'irq lcofi: overflow, ' /tmp/path)"
    awk '!($1 > 0 && $1 < $2 && $2 < $3) { print; bad = 1 } $3 > 100 { slow++ } END { exit bad || slow * 2 > NR || NR == 0 }' numbers ||
        die "out of order, or slow: $(cat numbers)"
    grep -qE "$1" /tmp/path || die "$(cat /tmp/path)"
}

if lcofi_works; then
    t_any "--pmu kvm: every sample has its path" samples kvm 3
    t_any "--pmu kvm: overflow, injected, exit, the guest's handler" in_order \
        ' v0 U [0-9a-f]{16} irq lcofi: overflow, \+[0-9.]*us injected by kvm, \+[0-9.]*us exit, \+[0-9.]*us guest.s handler <[0-9.]*us>$'
    way=stub
    t "--pmu vmm: every sample has its path" samples vmm 50
    t "--pmu vmm: overflow, exit, injected, the guest's handler" in_order \
        " v0 U [0-9a-f]{16} irq lcofi: overflow, \\+[0-9.]*us exit, \\+[0-9.]*us injected by vmm \\($way\\), \\+[0-9.]*us guest.s handler <[0-9.]*us vmm [0-9.]*us>\$"
else
    skip "the path of a sample" "QEMU $LAB_QEMU raises no overflow interrupt"
fi
