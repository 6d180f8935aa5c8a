# shellcheck shell=dash
# The SBI PMU of this process comes out as its profiles say, by both ways in which a call reaches it. Counts are compared, so under icount.
# lab: hosts=any icount=yes

# The events that the host's PMU driver takes, "config:0-55".
takes_raw_v2() { grep -q ':0-55' /sys/bus/event_source/devices/cpu/format/event; }

forwarded=5262677 exits=139480405

# as_the_profile NAME PROFILE COLUMN EID GUEST WORDS
as_the_profile() { as "$1, as $2" "$5" "--pmu vmm --pmu-profile $2 --cpus 2 --append 'column=$3 eid=$4 $6'"; }

# counts, platform events; and overflows that come again
if lcofi_works; then can=39; else can=33; fi
[ ! "${LAB_QEMU:-}" ] || can=$((can + 512)) # of QEMU's counters none counts raw events
for profile in ${PMU_PROFILES:-linux-6.12.107:0 linux-6.12:4 linux-7.2:1 spec:2 best:3}; do
    column=${profile#*:} profile=${profile%:*}
    as_the_profile "the scenarios, forwarded" "$profile" "$column" $forwarded pmu_scenarios "can=$can"
    # Raw events v2 that are wider than the host takes are cut there, and the guest that compares does not know it.
    if takes_raw_v2 || [ "$profile" != linux-7.2 ]; then
        as_the_profile "random calls, forwarded" "$profile" "$column" $forwarded pmu_random "rounds=6 seed=${PMU_RANDOM_SEED:-864}"
    fi
done
as_the_profile "the scenarios, by exits" best 3 $exits pmu_scenarios "can=$can"
# One at a time: QEMU's counters are one set.
guests_pass --jobs 1
