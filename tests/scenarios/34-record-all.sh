# shellcheck shell=dash disable=SC2154
# vhart record --all: several VMs in one recording, each with the names and tasks of its own guest, also those that come later.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# vm NAME PATTERN OPTIONS: one that runs, once its console has PATTERN; all are in $vms
vms=''
vm() {
    name=$1 begun=$2
    shift 2
    out=$T/$name.out
    vhart run --name "$name" "$@" </dev/null >"$out" 2>"$T/$name.err" &
    vms="$vms $!"
    pid=$!
    await "$begun"
    out=$T/out
}
works() { vm "$1" begin --memory 64M --pmu off --kernel /guests/work.elf --append "rounds=100000000"; }
end_vms() {
    # shellcheck disable=SC2086 # several
    ends $vms
    vms=''
}

# record_for SECONDS OPTIONS
record_for() {
    seconds=$1
    shift
    run vhart record --all -o r --time "$seconds" "$@"
    expect_status 0
    echo "# $(cat "$err")"
}

report() {
    run vhart report -i r "$@"
    expect_status 0
}

# share VM: per cent of all samples
share() { grep "\"vm\":\"$1\"" rows | sed -n 's/.*"share":\([0-9.]*\),.*/\1/p' | awk '{ n += $1 } END { printf "%d", n * 100 + 0.5 }'; }

# share_is_large VM
share_is_large() {
    percent=$(share "$1")
    echo "# per cent of $1: $percent"
    [ "$percent" -ge 20 ] || die "$1 has $percent per cent: $(cat rows)"
}

each_has_its_rows() {
    works web1
    works web2
    record_for 3 -e cpu-clock -g
    end_vms
    report --json --by vm
    cp "$out" rows
    share_is_large web1
    share_is_large web2
    report --folded folded --pprof profile --html page.html --flamegraph flame.svg
    expect_out '^# VMs: web[12] \(pid [0-9]+\), web[12] \(pid [0-9]+\), seen by '
    expect_out '% +[0-9]+  web1 +0  \[g\]   work_three$'
    expect_out '% +[0-9]+  web2 +0  \[g\]   work_three$'
    for name in web1 web2; do
        grep -q "^$name;vcpu0;\[guest.kernel\];run;main;round_of_work;work_three " folded || die "no $name: $(cat folded)"
        grep -qa "$name" profile || die "no $name in the profile"
        grep -q ">$name vcpu0<small>kernel [1-9]" page.html || die "no lane of $name"
        grep -q "<title>$name " flame.svg || die "no $name in the flame graph"
    done
}

# records_a_late_one WORDS OPTIONS: all VMs, with OPTIONS; one that does what WORDS say begins and ends meanwhile
records_a_late_one() {
    words=$1
    shift
    vhart record --all -o r "$@" >record.out 2>&1 &
    pid=$!
    until_true [ -s r ]
    run vhart run --name late --memory 64M --pmu off --kernel /guests/work.elf --append "$words"
    expect_status 0
    kill -INT "$pid"
    wait "$pid"
    expect_eq "its exit status" $? 0
}

# To the unit, of a VM that was not there when recording began, and has ended before it does.
one_comes_later() {
    works web1
    records_a_late_one "rounds=500 calls=4" -e exits -g
    end_vms
    report --json
    expect_eq "calls of late" "$(grep '"vm":"late".*"reason":"sbi base.get_spec_version","symbol":"sbi_call"' "$out" |
        sed -n 's/.*"exits":\([0-9]*\).*/\1/p')" 2000
    expect_no_out '"vm":"web1".*"symbol":"sbi_call"'
}

# It is sampled as soon as it is seen.
one_comes_later_and_is_sampled() {
    records_a_late_one "rounds=120000" -e cpu-clock
    report --json
    expect_out '^\{"vhart":"report","version":1,"vm":"late",'
    expect_out '"mode":"g","symbol":"work_three"'
}

# busy_linux NAME KERNEL PROGRAM: a Linux guest that runs it, and nothing else
busy_linux() {
    # shellcheck disable=SC2016 # the guest's
    printf '#!/bin/sh\nprintf "#!/bin/sh\\nwhile :; do :; done\\n" >/%s\nchmod 755 /%s\n/%s &\necho runs\nwait\n' "$3" "$3" "$3" >"$3.sh"
    vm "$1" '^runs' --memory 256M --kernel "/guests/$2/Image" --initrd "/guests/$2/initrd-small" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/$3.sh:/run.sh"
}

knows_tasks() {
    vhart report -i r --json --by comm >rows 2>/dev/null
    grep -q '"vm":"web1",.*"mode":"u","comm":"alpha"' rows && grep -q '"vm":"web2",.*"mode":"u","comm":"beta"' rows
}

# Two kernels, each somewhere else, and what runs in them.
guests_have_their_own_names() {
    busy_linux web1 linux alpha
    busy_linux web2 linux-7.2 beta
    vhart record --all -o r -e cpu-clock -g >record.out 2>&1 &
    pid=$!
    # Where the tasks are is looked for meanwhile.
    until_true knows_tasks
    kill -INT "$pid"
    wait "$pid"
    expect_eq "its exit status" $? 0
    end_vms
    report --json --by comm
    expect_out '"vm":"web1",.*"comm":"alpha"'
    expect_out '"vm":"web2",.*"comm":"beta"'
    expect_no_out '"vm":"web1",.*"comm":"beta"|"vm":"web2",.*"comm":"alpha"'
    report --json
    for name in web1 web2; do
        expect_out "\"vm\":\"$name\",\"mode\":\"u\",\"symbol\":\"\\[busybox\\]\""
        expect_out "\"vm\":\"$name\",\"mode\":\"g\",\"symbol\":\"[a-z_]+"
    done
    # A frame that is half made may lead to anything, once in a thousand samples.
    unnamed=$(sed -n 's/.*"children":\([0-9.]*\),.*"mode":"g","symbol":"0x.*/\1/p' "$out" | awk '{ n += $1 } END { printf "%d", n * 1000 }')
    [ "$unnamed" -lt 5 ] || die "without names: $(grep '"mode":"g","symbol":"0x' "$out")"
}

wrong_options() {
    run vhart record --all --guestvmlinux /guests/linux/Image
    expect_status 2
    expect_err '^vhart: --guestkallsyms and --guestvmlinux name one kernel, and of --all each VM has its own'
    run vhart record --all -p 1
    expect_status 2
    expect_err 'exclude each other'
}

# Under QEMU an interrupt takes so long that the kernel would allow fewer and fewer of them.
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent

t "each VM has its rows, stacks and lanes" each_has_its_rows
t "a VM that comes later, to the unit" one_comes_later
t_any "a VM that comes later is sampled" one_comes_later_and_is_sampled
t "two Linux guests have their own names and tasks" guests_have_their_own_names
t_any "wrong options" wrong_options
