# shellcheck shell=dash
# The finding silent-hart: a vCPU on a CPU of which the host wants nothing, not even its tick, and that has nothing to ask for.
# lab: hosts=7.2 smp=2 append=nohz_full=1

silent() {
    # What the kernel would do on that CPU all the same: statistics, work, making huge pages.
    sysctl -q -w vm.stat_interval=1000
    echo 1 >/sys/devices/virtual/workqueue/cpumask
    echo never >/sys/kernel/mm/transparent_hugepage/enabled
    vhart run --name spins --memory 64M --pmu off --affinity 1 --kernel /guests/work.elf --append 'rounds=100000000' \
        </dev/null >run.out 2>run.err &
    vm=$!
    pid=$vm
    await '^begin' run.out
    run vhart watch --name spins --fail-on silent-hart
    expect_status 121
    expect_out '"rule":"silent-hart","vm":"spins".*"vcpu":0,.*"intervals":5,"count":0,.*"function":"work_'
    ends $vm
}

[ "$(cat /sys/devices/system/cpu/nohz_full)" = 1 ] || { echo "not ok - the host's second CPU has no tick"; exit 1; }
t "a hart that does not leave the guest is found" silent
