# shellcheck shell=dash disable=SC2154,SC2016
# vhart record and report: samples of a Linux guest have its processes, each with its share, and the files of their code.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# shellcheck source=tests/scenarios/record.sh
. "$here/record.sh"

# Two programs that do nothing but work, one hart: beta's three processes have three times what alpha has.
busy='#!/bin/sh
for name in alpha beta; do
    printf "#!/bin/sh\nwhile :; do :; done\n" >/$name
    chmod 755 /$name
done
/alpha & one=$!
/beta & /beta & /beta & last=$!
echo "processes $one to $last"
wait'

# What the guest writes to its console is in $out.
begins='^processes [0-9]+ to [0-9]+'
guest_process() { sed -n "s/^processes \([0-9]*\) to \([0-9]*\).*/\\$1/p" "$out"; }

# ours OPTIONS: a VM, $vm, that is busy
ours() {
    [ -e run.sh ] || printf '%s\n' "$busy" >run.sh
    linux_runs "$begins" "$@"
}

# share KEY NAME: per cent of all samples whose task is known, over both modes; nothing where many are of nobody. On a loaded
# host the first ones come before tasks are found.
share() {
    sed -n 's/.*"samples":\([0-9]*\),.*"'"$1"'":\("[^"]*"\|null\)}$/\1 \2/p' rows | awk -v wanted="\"$2\"" '
        { all += $1; n = $1; sub(/^[0-9]* /, ""); if ($0 == "null") nobody += n; if ($0 == wanted) some += n }
        END { if (nobody < all / 4) printf "%d", 100 * some / (all - nobody) + 0.5 }'
}

# share_of_user SYMBOL: per cent of the samples in user mode
share_of_user() {
    grep '"mode":"u"' rows | sed -n 's/.*"samples":\([0-9]*\),.*"symbol":"\(.*\)"}/\1 \2/p' |
        awk -v wanted="$1" '{ all += $1; n = $1; sub(/^[0-9]* /, ""); if ($0 == wanted) some += n }
            END { printf "%d", all ? 100 * some / all + 0.5 : 0 }'
}

rows_by() { vhart report -i r --json --by "$1" >rows 2>"$err" || die "$(cat "$err")"; }

# What is known of the recording in r, of the guest in $out.
shares_are_right() {
    rows_by comm
    near "per cent of alpha" "$(share comm alpha)" 25 7
    near "per cent of beta" "$(share comm beta)" 75 8
    rows_by process
    near "per cent of alpha's process" "$(share process "alpha ($(guest_process 1))")" 25 7
    near "per cent of the last beta" "$(share process "beta ($(guest_process 2))")" 25 7
}

processes_are_named() {
    ours
    record -e cpu-clock --time 4
    shares_are_right
    vhart report -i r --folded folded --pprof profile >table
    grep -q ';beta;\[guest.user\];\[busybox\] ' folded || die "$(cat folded)"
    grep -qa 'beta (' profile || die "no process in the profile"
    rows_by symbol
    near "per cent in busybox" "$(share_of_user '[busybox]')" 97 3
    rows_by pc
    grep -q '"symbol":"busybox+0x[0-9a-f]*"' rows || die "$(cat rows)"
    ends "$vm"
}

# A program that has symbols, where the guest's root is to be had; without it, its file.
functions_and_threads() {
    mkdir root
    cp /src/build/riscv64/tests/scenarios/busy root/busy
    printf '#!/bin/sh\nexec /busy\n' >run.sh
    ours --inject "$T/root/busy:/busy"
    record -e cpu-clock --time 4
    rows_by comm
    near "per cent of the thread busy" "$(share comm busy)" 50 10
    near "per cent of the thread worker" "$(share comm worker)" 50 10
    rows_by process
    near "per cent of the process" "$(share process "busy ($(guest_process 1))")" 97 3
    rows_by symbol
    near "per cent in the file" "$(share_of_user '[busy]')" 97 3
    vhart report -i r --json --guestmount root >rows
    near "per cent of spin_main" "$(share_of_user 'spin_main [busy]')" 50 10
    near "per cent of spin_worker" "$(share_of_user 'spin_worker [busy]')" 50 10
    rm root/busy
    run vhart report -i r --json --guestmount root
    expect_status 0
    expect_err '^vhart: --guestmount root: /busy: No such file or directory: no names of it$'
    [ "$(wc -l <"$err")" = 1 ] || die "it is said more than once: $(cat "$err")"
    ends "$vm"
}

# A program that makes its own code, and says so where perf looks for it.
made_functions() {
    mkdir -p root/tmp
    printf '#!/bin/sh
mkdir -p /tmp
/jit &
until [ -s /tmp/perf-$!.map ]; do sleep 1; done
cat /tmp/perf-$!.map
echo "processes $! to $!"
wait\n' >run.sh
    ours --inject /src/build/riscv64/tests/scenarios/jit:/jit
    record -e cpu-clock --time 4
    rows_by symbol
    near "per cent in no file" "$(share_of_user '[no file]')" 97 3
    tr -d '\r' <"$out" | grep -E '^[0-9a-f]+ [0-9a-f]+ (older_code|made_loop)$' >"root/tmp/perf-$(guest_process 1).map"
    vhart report -i r --json --guestmount root >rows 2>"$err"
    near "per cent of made_loop" "$(share_of_user 'made_loop [JIT]')" 97 3
    ends "$vm"
}

# folded_share PATTERN: per cent of the stacks in folded, by their counts, that match
folded_share() {
    sed 's/ \([0-9]*\)$/\t\1/' folded | awk -F '\t' -v wanted="$1" '
        { all += $2; if ($1 ~ wanted) some += $2 } END { printf "%d", all ? 100 * some / all + 0.5 : 0 }'
}

# Who called, in a program with frame pointers; of one without them nothing is made up.
callers_in_a_process() {
    mkdir root
    cp /src/build/riscv64/tests/scenarios/called root/called
    printf '#!/bin/sh\n/called &\nwhile :; do :; done\n' >run.sh
    ours --inject "$T/root/called:/called"
    record -g -e cpu-clock --time 4
    vhart report -i r --guestmount root --folded folded >table
    near "per cent called by all three" \
        "$(folded_share ';main \\[called\\];outer \\[called\\];middle \\[called\\];spin_inmost \\[called\\]$')" 50 10
    near "per cent of the shell, of nobody" "$(folded_share ';\\[guest.user\\];\\[busybox\\]$')" 50 12
    ends "$vm"
}

# Of a VM that boots while it is recorded: what comes before there are tasks is said to have none.
from_its_boot() {
    printf '%s\n' "$busy" | sed 's/^wait/sleep 3/' >run.sh
    run vhart record -o r -e cpu-clock -- run --memory 256M --kernel "/guests/$linux/Image" \
        --initrd "/guests/$linux/initrd-small" --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    rows_by comm
    for name in alpha beta swapper/0; do grep -q "\"comm\":\"$name\"" rows || die "no $name: $(cat rows)"; done
    vhart report -i r --by comm >table
    grep -q '^# Of [0-9]* of the samples the task is not known' table || die "$(cat table)"
}

# Exits have them too: alpha and beta only ever leave for the timer.
exits_have_processes() {
    ours
    record -e exits --time 6
    rows_by comm
    [ "$(grep -c '"comm":"beta"' rows)" -gt 0 ] || die "$(cat rows)"
    unknown=$(grep '"comm":null' rows | sed -n 's/.*"exits":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
    echo "# exits of nobody: $unknown"
    ends "$vm"
}

# Any VMM's guest.
of_qemu() {
    printf '%s\n' "$busy" >run.sh
    qemu_runs "$begins"
    record -e cpu-clock --time 4
    shares_are_right
    ends "$vm"
}

# A guest that is no Linux: it is said why.
no_linux() {
    run vhart record -o r -e cpu-clock -- run --memory 64M --pmu off --kernel /guests/work.elf --append rounds=20000
    expect_status 0
    run vhart report -i r --by comm
    expect_status 0
    expect_out '^# Of [0-9]+ of the samples the task is not known: .*names'
    expect_out '\[not known\]$'
    run vhart report -i r --guestmount /nowhere
    expect_status 2
    expect_err '^vhart: --guestmount /nowhere: No such file or directory: '
}

not_asked_for() {
    run vhart record --no-tasks -o r -e exits -- run --memory 64M --pmu off --kernel /guests/hello.elf
    expect_status 0
    run vhart report -i r --by comm
    expect_status 0
    expect_out '^# Of [0-9]+ of the exits the task is not known: it was recorded with --no-tasks$'
}

echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent

t "processes and threads of a 6.12 guest" processes_are_named
t "exits of processes" exits_have_processes
t_any "functions and threads of a program" functions_and_threads
t_any "functions that a program made" made_functions
t "callers in a process" callers_in_a_process
t_any "from its boot" from_its_boot
linux='linux-7.2'
t_any "processes and threads of a 7.x guest" processes_are_named
t_any "of a guest of QEMU" of_qemu
linux=linux
t_any "no Linux" no_linux
t_any "tasks that nobody asked for" not_asked_for
