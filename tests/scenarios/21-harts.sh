# shellcheck shell=dash
# What the harts can do, where they run, and of what their memory is.
# lab: hosts=6.12,7.2 smp=2 mmu=sv57

small="--kernel /guests/hello.elf --memory 16M"

# Both kernels read riscv,isa-extensions; KVM of neither has a switch for Zba, which is left out all the same.
extensions_are_hidden() {
    has_one() { vhart probe | grep -qE "[ _]$1([ _]|\$)"; }
    has_one zba || die "this host has no Zba to hide"
    # shellcheck disable=SC2016
    guest 'grep -m 1 "^isa" /proc/cpuinfo; grep -m 1 "^mmu" /proc/cpuinfo; usleep 100000; echo slept' --cpu zba=off,zicbom=off --verbose
    expect_status 0
    expect_out '^isa.*rv64imafdc'
    expect_no_out '^isa.*(zba|zicbom)'
    expect_out '^slept'
    expect_err '^vhart: --cpu zba=off: KVM cannot switch it off'
    expect_no_err 'zicbom=off'
}

# What the guest does with it is the guest's own matter.
mmu_type() {
    # shellcheck disable=SC2086
    run vhart run $small --dump-fdt fdt --cpu mmu=sv39
    expect_status 0
    strings fdt | grep -qx '.\{0,1\}riscv,sv39' || die "the FDT has another mmu-type: $(strings fdt | grep riscv,sv)"
}

# There is a machine, and its threads.
is_paused() { vhart ctl ./socket status 2>/dev/null | grep -q '^state: paused'; }

# bound N CPU: hart N's thread has this CPU alone
bound() {
    for task in /proc/"$vmm"/task/*; do
        [ "$(cat "$task/comm")" = "vcpu$1" ] || continue
        expect_eq "CPUs of hart $1" "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$task/status")" "$2"
        return
    done
    die "no thread of hart $1"
}

harts_are_bound() {
    # shellcheck disable=SC2086
    talk vhart run $small --cpus 3 --affinity 1,0 --paused --control ./socket
    until_true is_paused
    vmm=$(vhart list | awk 'NR > 1 { print $2; exit }')
    bound 0 1
    bound 1 0
    bound 2 1
    expect_eq "CPUs of the loop" "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$vmm/status")" 0-1
    vhart ctl ./socket resume >/dev/null
    hang_up
    expect_status 0
}

meminfo() { sed -n "s/^$1: *//p" /proc/meminfo; }

huge_pages() {
    echo 8 >/proc/sys/vm/nr_hugepages
    expect_eq "huge pages that the host has" "$(meminfo HugePages_Total)" 8
    # shellcheck disable=SC2086
    talk vhart run $small --hugepages --paused --control ./socket
    until_true is_paused
    left=$(($(meminfo HugePages_Free) - $(meminfo HugePages_Rsvd)))
    vhart ctl ./socket resume >/dev/null
    hang_up
    expect_eq "huge pages that are left for others" "$left" 0
    expect_status 0
    expect_eq "huge pages afterwards" "$(meminfo HugePages_Free)" 8
    # One too few.
    run vhart run --kernel /guests/hello.elf --memory 18M --hugepages
    expect_status 125
    expect_one_line
    expect_err '^vhart: --hugepages: --memory 18 MiB is 9 pages of 2 MiB, and the host has not so many free'
    echo 0 >/proc/sys/vm/nr_hugepages
}

# refused WORDS OPTIONS...
refused() {
    words=$1
    shift
    # shellcheck disable=SC2086
    run vhart run $small "$@"
    expect_status 125
    expect_one_line
    expect_err "$words"
}

what_the_host_has_not() {
    refused '^vhart: --cpu zvksh=on: KVM on this host does not have it' --cpu zvksh=on
    refused '^vhart: --affinity: hart 0 cannot be bound to CPU 77: ' --affinity 77
}

t "--cpu: extensions are hidden, also those that KVM cannot switch off" extensions_are_hidden
t "--cpu mmu=sv39: the devicetree says so" mmu_type
t "--affinity: a CPU for each hart" harts_are_bound
t "--hugepages: RAM is taken from the pool, and given back" huge_pages
t "what the host has not is a line" what_the_host_has_not
