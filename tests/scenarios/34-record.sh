# shellcheck shell=dash disable=SC2154,SC2016
# vhart record and report: samples are where the guest spends its time, chains are who called, exits are counted to the unit.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# shellcheck source=tests/scenarios/record.sh
. "$here/record.sh"

# What guests/work.elf does in a round: work_one 20000 instructions, work_three three times as many.
rounds=120000

# The guest GUEST with words for it, recorded with OPTIONS: into $T/r.
# record_work WORDS OPTIONS
record_work() {
    words=$1
    shift
    run vhart record -o r "$@" -- run --name web1 --memory 64M --pmu off --kernel /guests/work.elf --append "$words"
    expect_status 0
    expect_out '^end'
}

# report OPTIONS: of it, into $out
report() {
    run vhart report -i r "$@"
    expect_status 0
}

# number NAME SYMBOL: of that row of a JSON report; the share is in per cent
number() {
    value=$(grep "\"symbol\":\"$2\"" "$out" | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" | awk '{ n += $1 } END { printf "%s", n }')
    [ "$1" != share ] || value=$(awk "BEGIN { printf \"%d\", ${value:-0} * 100 + 0.5 }")
    echo "${value:-0}"
}

# 25 % and 75 %, to 5 points.
shares_are_right() {
    record_work "rounds=$rounds" "$@"
    report --json
    head -n 1 "$out" | grep -q '"vm":"web1"' || die "another name: $(head -n 1 "$out")"
    samples=$(sed -n '1s/.*"samples":\([0-9]*\).*/\1/p' "$out")
    [ "$samples" -ge 300 ] || die "only $samples samples: $(cat "$err")"
    near "per cent of work_three" "$(number share work_three)" 75 5
    near "per cent of work_one" "$(number share work_one)" 25 5
    expect_out '"lost":0,"whole":true'
}

chains_are_who_called() {
    record_work "rounds=$rounds" -e cpu-clock -g
    report --folded folded --flamegraph flame.svg --pprof profile --html page.html
    total=$(awk '{ n += $NF } END { print n }' folded)
    good=$(awk '/;\[guest.kernel\];run;main;round_of_work;work_(one|three) / { n += $NF } END { print n + 0 }' folded)
    near "per cent of samples with all their callers" $((good * 100 / total)) 100 5
    grep -q '<svg.*xmlns="http://www.w3.org/2000/svg"' flame.svg || die "no SVG"
    grep -q '<title>round_of_work' flame.svg || die "no round_of_work in the flame graph"
    [ -s profile ] || die "no pprof"
    grep -q 'vcpu0<small>kernel [1-9]' page.html || die "no time line in the page"
    grep -q '<title>round_of_work' page.html || die "no flame graph in the page"
}

# Every exit, with the host's time for it and who caused it.
exits_are_counted() {
    record_work "rounds=500 calls=4" -e exits -g
    report --json
    vhart report -i r --html page.html >/dev/null
    grep -q '>sbi base.get_spec_version<small>2,000 exits, up to [1-9]' page.html || die "not in the lanes: $(grep '<small>' page.html)"
    grep -q '>sbi base.get_spec_version<small>half within [0-9.]*[num]s' page.html || die "not in the map"
    expect_eq "calls by sbi_call" "$(grep '"reason":"sbi base.get_spec_version","symbol":"sbi_call"' "$out" | sed -n 's/.*"exits":\([0-9]*\).*/\1/p')" 2000
    expect_out '"reason":"sbi srst.system_reset"|"reason":"sbi dbcn.console_write"'
    report --folded folded
    expect_out '^# *Children  *Time%  *Exits  *Time  *VCPU  *Mode  *Reason  *Symbol$'
    expect_out '^ +[0-9.]+% +[0-9.]+%  +2000  +[0-9.]+[mu]?s  +0  \[g\]   sbi base.get_spec_version +sbi_call$'
    grep -q ';run;main;round_of_work;sbi_call;exit:sbi base.get_spec_version [1-9]' folded || die "$(cat folded)"
    report --by exit
    expect_out ' 2000 .*sbi base.get_spec_version *$'
    report --by pc
    expect_out 'sbi_call\+0x[0-9a-f]+$'
}

kernel_is_named() {
    report --folded folded --json
    named=$(awk '/;\[guest.kernel\];/ { n += $NF } /;0xf[0-9a-f]* / { bad += $NF } END { printf "%d", 100 * (n - bad) / n }' folded)
    near "per cent of kernel samples with a name" "$named" 100 5
}

# Names without any option; all of its callers up to where a kernel begins.
linux_has_names() {
    printf '#!/bin/sh\ni=0; while [ $i -lt 100 ]; do i=$((i+1)); /bin/true; done\n' >run.sh
    run vhart record -o r -e cpu-clock -F 499 -g -- run --memory 256M --kernel "/guests/$linux/Image" \
        --initrd "/guests/$linux/initrd-small" --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    expect_status 0
    kernel_is_named
    grep -q ';ret_from_fork;kernel_init;kernel_init_freeable;' folded || die "nothing of kernel_init"
    whole=$(awk '/;\[guest.kernel\];/ { n += $NF }
        /;\[guest.kernel\];(_start_kernel|ret_from_fork|handle_exception|call_on_irq_stack|ret_from_exception)/ { good += $NF }
        END { printf "%d", 100 * good / n }' folded)
    echo "# $whole per cent of chains begin where Linux begins: $(tail -n 1 "$err")"
    # Before the kernel has its tables for good few have callers: 94 to 97 remain, and were its tables not remembered 84.
    [ "$whole" -ge 90 ] || die "only $whole per cent of chains begin where Linux begins"
    expect_out '"mode":"u","symbol":"\[user\]"'
    # Names of functions, and samples: a third of the 482 bytes a sample that it took when each was a line.
    samples=$(sed -n '1s/.*"samples":\([0-9]*\).*/\1/p' "$out")
    bytes=$(wc -c <r)
    echo "# $bytes bytes of $samples samples with their callers: $((bytes / samples)) each"
    [ $((bytes / samples)) -le 160 ] || die "$((bytes / samples)) bytes a sample"
}

# starts PATTERN OPTIONS: a VM, $vm, that has written PATTERN
starts() {
    begun=$1
    shift
    vhart run "$@" </dev/null >"$out" 2>"$err" &
    vm=$!
    pid=$vm
    await "$begun"
}
starts_work() { starts begin --name spins --memory 64M --pmu off --kernel /guests/work.elf --append "rounds=100000000"; }

# has_samples N: $T/r has N or more by now
has_samples() {
    so_far=$(vhart report -i r --json 2>/dev/null | sed -n '1s/.*"samples":\([0-9]*\).*/\1/p')
    [ "${so_far:-0}" -ge "$1" ]
}

# $vm, recorded into $T/r by $watcher until SIGNAL.
record_until() {
    vhart record -o r -e cpu-clock -g -p "$vm" >record.out 2>&1 &
    watcher=$!
    pid=$watcher
    until_true has_samples 20
    kill "-$1" $watcher
    wait $watcher
    status=$?
    kill -TERM "$vm"
    wait "$vm"
}

attaches() {
    starts_work
    record_until INT
    expect_eq "its exit status" $status 0
    grep -q 'samples of cpu-clock.*, 0 lost, in r' record.out || die "$(cat record.out)"
    report
    expect_out '^# VM: spins \(pid [0-9]+\)'
    expect_out '\[g\] +work_three$'
}

# A kernel that no file has any more is in the VM's memory.
names_from_memory() {
    cp "/guests/$linux/Image" kernel
    printf '#!/bin/sh\necho runs\nwhile :; do /bin/true; done\n' >run.sh
    starts '^runs' --memory 256M --kernel kernel --initrd "/guests/$linux/initrd-small" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh"
    rm kernel
    record_until INT
    kernel_is_named
}

# No command line names it: U-Boot reads it from a disk. It finds no root there, and panics.
names_of_what_firmware_loads() {
    cp "/guests/$linux/Image" disk
    truncate -s 64M disk
    talk vhart record -o r -e cpu-clock -g -- run --memory 256M --pmu off --on-reboot exit \
        --firmware /guests/u-boot/u-boot.bin --disk disk,ro
    await 'Hit any key to stop|=>'
    say_to 'x
'
    await '=> '
    say_to 'virtio scan; virtio read 0x84000000 0 0x10000; fdt addr ${fdtcontroladdr}; fdt move ${fdtcontroladdr} 0x88000000 0x20000
setenv bootargs console=ttyS0 panic=-1; booti 0x84000000 - 0x88000000
'
    hang_up
    expect_status 4
    report --folded folded
    grep -q ';ret_from_fork;kernel_init;kernel_init_freeable;' folded || die "nothing of kernel_init: $(head -n 20 "$out")"
}

# What was written until its writer was killed can be read.
killed_writer() {
    starts_work
    record_until KILL
    report
    expect_out '^# The recording has no end'
    expect_out '\[g\] +work_three$'
}

says_the_event() {
    record_work "rounds=100"
    report
    if lcofi_works; then
        expect_out "^# Samples: [0-9]+ of event 'cycles', 997 a second"
    else
        expect_out "^# Samples: [0-9]+ of event 'c(ycles|pu-clock)', 997 a second"
    fi
}

# refuses FILE WORDS: in one line, with status 2
refuses() {
    run vhart report -i "$1"
    expect_status 2
    expect_one_line
    expect_err "^vhart: $1: $2\$"
}
bad_files() {
    : >empty
    printf 'PERFILE2\0\0\0\0' >perf.data
    printf '{"type":"header","vhart":"recording","version":3}\n' >later
    record_work "rounds=1000" -e cpu-clock
    head -c 40 r >half
    { cat r; echo nonsense; } >damaged
    refuses missing 'No such file or directory'
    refuses . 'Is a directory'
    refuses empty 'is empty'
    refuses perf.data "is no recording of 'vhart record'"
    refuses half "is no recording of 'vhart record'"
    refuses later 'is of another version of vhart'
    refuses damaged 'record [0-9]+ is no flat JSON object'
    # What a recording of vhart 0.4 was.
    {
        printf '{"type":"header","vhart":"recording","version":1,"event":"cpu-clock","vm":"old"}\n'
        printf '{"type":"sample","t":5,"vcpu":0,"mode":"g","pc":"0x80200000","n":7,"exit":"irq s_timer","callers":"0x80200004"}\n'
    } >old
    run vhart report -i old --json
    expect_status 0
    expect_out '"vm":"old".*"samples":7,'
}

# The VM that was started goes on, and has its own end.
for_so_long() {
    run vhart record -o r -e cpu-clock --time 4 -- run --memory 64M --pmu off --kernel /guests/work.elf --append "rounds=$rounds"
    expect_status 0
    expect_out '^end'
    report --json
    expect_out '"lost":0,"whole":true'
    samples=$(sed -n '1s/.*"samples":\([0-9]*\).*/\1/p' "$out")
    # 997 a second, of the time that it had a CPU.
    if [ "$samples" -eq 0 ] || [ "$samples" -ge 4500 ]; then die "$samples samples in four seconds"; fi
    starts_work
    run vhart record -o r -e cpu-clock --time 1 -p "$vm"
    expect_status 0
    kill -0 "$vm" || die "the VM has ended"
    ends "$vm"
}

# Each of the files is a recording: what it has of samples, their names and their sum.
several_files() {
    starts_work
    vhart record -o r -e cpu-clock -F 4999 --size 64K --files 3 -p "$vm" >record.out 2>&1 &
    watcher=$!
    pid=$watcher
    until_true [ -e r.2 ]
    first=$(ls -i r.2)
    until_true is_another
    kill -INT $watcher
    wait $watcher
    status=$?
    ends "$vm"
    expect_eq "its exit status" $status 0
    [ ! -e r.3 ] || die "there is a fourth file"
    said=$(sed -n 's/.* \([0-9]*\) samples of cpu-clock.*/\1/p' record.out)
    sum=0
    for file in r.2 r.1 r; do
        run vhart report -i $file --json
        expect_status 0
        expect_out '"whole":true'
        sum=$((sum + $(sed -n '1s/.*"samples":\([0-9]*\).*/\1/p' "$out")))
        [ $file = r ] || expect_out '"symbol":"work_three"'
    done
    if [ "$sum" -eq 0 ] || [ "$sum" -ge "$said" ]; then die "$sum samples in three files of $said in all"; fi
    [ "$(wc -c <r.1)" -ge 65536 ] || die "it is not full: $(ls -l r.1)"
}
is_another() { [ "$(ls -i r.2)" != "$first" ]; }

# wrong WORDS OPTIONS: one line, status 2, or 125 where a VM was to be started
wrong() {
    words=$1
    shift
    case " $* " in *' -- '*) wanted=125 ;; *) wanted=2 ;; esac
    run vhart record "$@"
    expect_status $wanted
    expect_one_line
    expect_err "$words"
}
wrong_options() {
    wrong 'exclude each other' -F 99 -c 1000 -p 1
    wrong 'every exit is a sample' -e exits -F 99 -p 1
    wrong '--files: .*add that' --files 3 -p 1
    wrong 'no file that has a size' --size 1M -o /dev/null -- run --kernel /guests/work.elf
    wrong 'expected cycles, cpu-clock or exits' -e magic -p 1
    wrong 'process 1: it has no KVM VM' -p 1
    wrong 'No such file' -o /nowhere/r -- run --kernel /guests/work.elf
    wrong 'No such file' --guestvmlinux /nowhere -- run --kernel /guests/work.elf
}

# Nobody may watch: one line says what would help.
no_rights() {
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    chmod 666 /dev/kvm
    chmod 777 "$T"
    run start-stop-daemon -S -c nobody -d "$T" -a "$(command -v vhart)" -- record -o "$T/r" -e cpu-clock -- run --kernel /guests/hello.elf
    expect_status 125
    expect_one_line
    expect_err 'BPF programs: Operation not permitted: .*root'
}

# Under QEMU an interrupt takes so long that the kernel would allow fewer and fewer of them.
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent

t "shares of the time by cpu-clock" shares_are_right -e cpu-clock
if lcofi_works; then
    t "shares of the time by cycles" shares_are_right -e cycles -c 1000000
else
    skip "shares of the time by cycles" "no LCOFI on this host"
fi
t_any "call chains" chains_are_who_called
t "exits by who caused them" exits_are_counted
t_any "a Linux guest has names and callers" linux_has_names
t "a VM that runs" attaches
t_any "for so long" for_so_long
t_any "several files, of which the last are kept" several_files
t_any "names out of its memory, 6.12" names_from_memory
linux='linux-7.2'
t_any "names out of its memory, 7.x" names_from_memory
linux=linux
t_any "names of a Linux that firmware loaded" names_of_what_firmware_loads
t_any "a recording without its end" killed_writer
t_any "the event is said" says_the_event
t_any "what is no recording" bad_files
t_any "wrong options" wrong_options
t "no rights" no_rights
