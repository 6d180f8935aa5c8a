# shellcheck shell=dash
# The kernel's own PMU comes out as the scenarios and the profile of its version say. Counts are compared, so under icount.
# The last of its host: QEMU delays the next overflow of a counter that KVM's PMU had (tests/lab/README.md).
# lab: hosts=6.12,7.2 icount=yes

vhart probe --json >/tmp/pmu-profile.json
profile_state=$(grep -A 3 '"id":"sbi.pmu_profile"' /tmp/pmu-profile.json | sed -n 's/.*"state":"\(.*\)",/\1/p')
profile=$(sed -n 's/.*"detail":"--pmu-profile \([^", ]*\).*/\1/p' /tmp/pmu-profile.json)

# As guest-images/pmu_scenarios.c numbers them.
column() {
    case $profile in
        linux-6.12.107) echo 0 ;;
        linux-7.2) echo 1 ;;
        linux-6.12) echo 4 ;;
        *) echo none ;;
    esac
}

# words WORDS: options of vhart run for a guest that is told WORDS
words() { echo "--pmu kvm --pmu-profile $profile --cpus 2 --append 'column=$(column) kernel=1 $1'"; }

# differences FILE: the names of the tests in it that failed, on one line.
differences() {
    sed -n 's/^not ok [0-9]* - //p' "$1" | sed 's/, as linux-.*//' | tr '\n' ';'
}

# unknown_kernel NAME GUEST WORDS: what differs from the nearest one that is known is for people to read, and no failure.
unknown_kernel() {
    differs=/tmp/pmu-differs
    rm -f "$differs"
    compare() {
        run sh -c "exec vhart run --kernel /guests/$1.elf --memory 64M --timeout 100 $(words "unknown=1 $2")"
        expect_out '^1[.][.]'
        expect_out '^ok'
        ! grep -q '^not ok' "$out" || differences "$out" >"$differs"
    }
    t "$1 (a kernel that is not known, beside $profile)" compare "$2" "$3"
    [ ! -e "$differs" ] ||
        skip "$1" "LINUX $(uname -r) IS NOT KNOWN (pmu/kernels.c) AND DIFFERS FROM $profile IN: $(cat "$differs")"
}

try() {
    if [ "$profile_state" = ok ]; then
        as "$1" "$2" "$(words "$3")"
        guests_pass
    else
        unknown_kernel "$@"
    fi
}

names_a_profile() {
    [ "$(column)" != none ] || die "vhart probe names no profile for $(uname -r): '$profile'"
}

# This file again, told another version of this kernel, whose nearest profile is that of the oldest one known. Only the scenarios.
nobody_knows() {
    run env PMU_ONLY=scenarios /src/build/riscv64/tests/scenarios/older sh -c '. "$here/lib.sh"; . "$here/29-pmu-kernel.sh"'
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^ok - the scenarios, by the kernel .a kernel that is not known, beside linux-6.12.107.'
    [ "$profile" = linux-6.12.107 ] ||
        expect_out '^skip - the scenarios.*LINUX 2[.]6[.].* IS NOT KNOWN .* DIFFERS FROM linux-6.12.107 IN: .*46 a firmware counter'
}

if lcofi_works; then can=3; else can=1; fi
[ ! "${LAB_QEMU:-}" ] || can=$((can + 512)) # of QEMU's counters none counts raw events
t "a profile for this kernel" names_a_profile
try "the scenarios, by the kernel" pmu_scenarios "can=$can"
[ -z "$PMU_ONLY" ] || return 0
t "a kernel that is not known, and differs, is no failure" nobody_knows
try "random calls, by the kernel and by the profile that mirrors it" pmu_random "rounds=300 seed=${PMU_RANDOM_SEED:-864}"
# It does not ask scounteren what user mode may read.
as "user mode reads whatever scounteren says" pmu_isolation '--pmu kvm --pmu-profile linux-7.2 --append open=1'
guests_pass
