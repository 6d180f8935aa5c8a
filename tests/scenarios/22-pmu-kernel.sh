# shellcheck shell=dash
# The kernel's own PMU comes out as the scenarios and the linux-* profiles say. Counts are compared, so under icount.
# lab: hosts=6.12,7.2 smp=1 icount=yes

column() {
    case $(uname -r) in
        6.12*) echo 0 ;;
        *) echo 1 ;;
    esac
}

# as_the_profile GUEST WORDS: all tests of this guest pass.
as_the_profile() {
    run vhart run --pmu kvm --pmu-profile linux-7.2 --kernel "/guests/$1.elf" --memory 64M --cpus 2 --timeout 100 --append "column=$(column) kernel=1 $2"
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^ok'
}

if lcofi_works; then can=3; else can=1; fi
t "the scenarios, by the kernel" as_the_profile pmu_scenarios "can=$can"
t "random calls, by the kernel and by the profile that mirrors it" as_the_profile pmu_random "rounds=300 seed=${PMU_RANDOM_SEED:-864}"
