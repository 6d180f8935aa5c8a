# shellcheck shell=dash
# The profile that users get, on the other host too: what its perf can count is the host's.
# lab: hosts=6.12 icount=yes

# shellcheck disable=SC2034
PMU_PROFILES=best:3
# shellcheck source=tests/scenarios/26-pmu-profiles.sh
. "$here/26-pmu-profiles.sh"
