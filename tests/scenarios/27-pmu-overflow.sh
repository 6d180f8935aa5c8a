# shellcheck shell=dash disable=SC2154
# Every way in which an overflow gets to a guest, by each profile: a bare-metal guest that samples itself. What is
# counted is compared, so under icount and on one host CPU.
# lab: hosts=6.12,7.2 icount=yes
# lab: hosts=7.2 icount=yes aia=none

host_has_aia() { grep -q ssaia /proc/cpuinfo; }

exits=139480405 # EID 0x08504D55

# first_letter WAY: of what the guest calls it, as a number
first_letter() {
    case $1 in
        sip | stub) echo 108 ;;                                                # lcofi
        msi) echo 109 ;;                                                       # msi
        wired) if host_has_aia && [ "$aia" = auto ]; then echo 97; else echo 112; fi ;; # aplic, plic
    esac
}

aia=auto
# takes WAY WORDS [OPTIONS]
takes() {
    way=$1 words=$2
    shift 2
    run vhart run --pmu vmm --pmu-irq "$way" --aia $aia --kernel /guests/overflow.elf --memory 64M --cpus 2 --timeout 110 \
        --append "way=$(first_letter "$way") $words" "$@"
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^1\.\.'
    expect_no_err 'warning|error'
}

# cannot WAY REASON
cannot() {
    run vhart run --pmu vmm --pmu-irq "$1" --kernel /guests/hello.elf --memory 64M --timeout 110
    expect_status 125
    expect_err "^vhart: --pmu-irq: that way does not work here: .*$2.*: try --pmu-irq auto"
    expect_no_out .
}

takes_the_best() {
    run vhart run --pmu vmm --verbose --kernel /guests/overflow.elf --memory 64M --timeout 110 --append "way=$(first_letter "$1") rounds=10"
    expect_status 0
    expect_no_out '^not ok'
    expect_err "overflow interrupts by way '$1'"
    expect_no_err 'warning|error'
}

tells_what_it_takes() {
    run vhart run --pmu vmm --kernel /guests/hello.elf --memory 64M --timeout 110
    expect_status 0
    expect_err "^vhart: pmu: vmm: this process counts, profile best; sampling for guests that know how: overflow interrupts by way 'wired' \(no LCOFI: "
}

needs_our_pmu() {
    run vhart run --pmu kvm --pmu-irq stub --kernel /guests/hello.elf --memory 64M --timeout 110
    expect_status 125
    expect_err '^vhart: --pmu-irq is for a PMU that this process answers: add --pmu vmm'
    run vhart run --pmu-irq lcofi --kernel /guests/hello.elf
    expect_status 125
    expect_err 'expected auto, sip, stub, msi or wired'
}

# Nobody who watches sees what the vCPU does for this process.
is_in_no_trace() {
    run vhart stat --by mmio -o table -- run --pmu vmm --pmu-irq stub --kernel /guests/overflow.elf --memory 64M --timeout 110 --append 'rounds=5'
    expect_status 0
    ! grep -iE '0x0*7f8|1fffffff' table || die "$(cat table)"
    run vhart trace -e all -o lines -- run --pmu vmm --pmu-irq stub --kernel /guests/overflow.elf --memory 64M --timeout 110 --append 'rounds=5'
    expect_status 0
    ! grep -E '[^0-9a-f]7f8|1fffffff|0x9000000' lines || die "$(head -20 lines)"
    [ "$(grep -c 'irq lcofi' lines)" -ge 5 ] || die "$(grep -c 'irq lcofi' lines) overflows"
}

# A reset with one that is due at one of the instructions before it, and with one that is pending: nothing of it is in the
# next life.
over_resets() {
    talk vhart run --pmu vmm --pmu-irq "$1" --aia $aia --kernel /guests/overflow.elf --memory 64M --timeout 110 \
        --append 'asks=1 rounds=20'
    lives=0
    for what in r 0 2 4 go; do
        lives=$((lives + 1))
        until_true has_lines $lives life
        say_to $what
    done
    hang_up
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^1\.\.'
    expect_no_err 'warning|error'
}

if ! lcofi_works; then
    skip "the ways of an overflow" "QEMU $LAB_QEMU raises no overflow interrupt"
elif host_has_aia; then
    ways='stub msi wired'
    t "the best way is the stub" takes_the_best stub
    # Which kernels do is in 20-probe.sh.
    if vhart probe --json | grep -A 3 '"id":"lcofi.sip"' | grep -q '"state":"ok"'; then
        ways="sip $ways"
    else
        t "sip, on a kernel that puts the bit in the wrong place" cannot sip 'wrong place'
    fi
    for way in $ways; do t "by way $way" takes "$way" 'exact=1 rounds=10'; done
    # Who makes the call, and as whom we answer it, is the same for each way.
    t_any "by way stub, called by exits" takes stub "rounds=5 eid=$exits"
    for profile in spec linux-7.2 linux-6.12; do
        seen_elsewhere || t "by way stub, as $profile" takes stub rounds=5 --pmu-profile $profile
    done
    t_any "the stub is in no trace" is_in_no_trace
    t_any "by way stub, about calls that go on to KVM and suspends" takes stub 'rounds=50 moments=1' --sbi-echo auto
    t_any "by way stub, over resets" over_resets stub
    aia=off
    t_any "without an AIA in the VM: by way wired, a PLIC" takes wired 'exact=1 rounds=5'
    t_any "without an AIA in the VM: by way stub" takes stub 'exact=1 rounds=5'
else
    t "the best way without AIA is a line of the PLIC" takes_the_best wired
    t "the first line says so" tells_what_it_takes
    for way in sip stub msi; do t "$way takes AIA" cannot $way AIA; done
    t "by way wired" takes wired 'exact=1 rounds=10'
fi
t_any "--pmu-irq is checked" needs_our_pmu
