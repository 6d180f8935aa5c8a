# shellcheck shell=dash
# The SBI PMU of this process comes out as its profiles say, by both ways in which a call reaches it. Counts are compared, so under icount.
# lab: hosts=any smp=1 icount=yes

# The events that the host's PMU driver takes, "config:0-55".
takes_raw_v2() { grep -q ':0-55' /sys/bus/event_source/devices/cpu/format/event; }

forwarded=5262677 exits=139480405

# as_the_profile PROFILE COLUMN EID GUEST WORDS
as_the_profile() {
    run vhart run --pmu vmm --pmu-profile "$1" --kernel "/guests/$4.elf" --memory 64M --cpus 2 --timeout 110 --append "column=$2 eid=$3 $5"
    expect_status 0
    expect_no_out '^not ok'
    expect_out '^1\.\.'
}

# counts, platform events; and overflows that come again
if lcofi_works; then can=39; else can=33; fi
[ ! "${LAB_QEMU:-}" ] || can=$((can + 512)) # of QEMU's counters none counts raw events
for profile in ${PMU_PROFILES:-linux-6.12.107:0 linux-6.12:4 linux-7.2:1 spec:2 best:3}; do
    column=${profile#*:} profile=${profile%:*}
    t "the scenarios, forwarded, as $profile" as_the_profile "$profile" "$column" $forwarded pmu_scenarios "can=$can"
    # Raw events v2 that are wider than the host takes are cut there, and the guest that compares does not know it.
    if takes_raw_v2 || [ "$profile" != linux-7.2 ]; then
        t "random calls, forwarded, as $profile" as_the_profile "$profile" "$column" $forwarded pmu_random "rounds=20 seed=${PMU_RANDOM_SEED:-864}"
    fi
done
t "the scenarios, by exits, as best" as_the_profile best 3 $exits pmu_scenarios "can=$can"
