# shellcheck shell=dash disable=SC2154
# Whatever files, VMs, functions and words of a command line are called: no command hands a control character on to a terminal.
# lab: hosts=any

# ESC, CSI as UTF-8 and as a byte, BEL; and a letter that is to stay.
hostile=$(printf '\033[2J\302\2331m\2331m\a\303\274')
shown='\\x1b\[2J\\u009b1m\\x9b1m\\x07ü'

# printable FILE...: no control character but line feeds is in them
printable() {
    for file; do
        left=$(LC_ALL=C tr -d '\n -~\200-\377' <"$file" | wc -c)
        [ "$left" = 0 ] || die "control characters in $file of $last: $(head -n 3 "$file" | cat -v)"
        ! grep -qa "$(printf '\302\233')" "$file" || die "CSI in $file of $last: $(head -n 3 "$file" | cat -v)"
        if grep -qa "$(printf '[^\302]\2331m')" "$file"; then die "CSI, a byte, in $file of $last"; fi
    done
}

# says CMD...: it refuses the hostile name, and says so; with 125 where a VM was to be started, else 2
says() {
    case "$* " in 'vhart run '* | *' -- '*) wanted=125 ;; *) wanted=2 ;; esac
    run "$@"
    expect_status $wanted
    printable "$out" "$err"
    expect_err "$shown"
}

words() {
    says vhart "$hostile"
    for command in run probe stat watch trace record report; do
        says vhart $command "--$hostile"
        says vhart $command "$hostile"
    done
    says vhart run --kernel "$hostile"
    says vhart run --name "$hostile" --kernel /guests/hello.elf
    says vhart run --cpus "$hostile" --kernel /guests/hello.elf
    says vhart run --kernel /guests/hello.elf --disk "$hostile"
    says vhart run --kernel /guests/hello.elf --inject "$hostile:/x"
    says vhart stat --name "$hostile"
    says vhart trace --name "$hostile"
    says vhart trace -e "$hostile" -p 1
    says vhart stat --by "$hostile" -p 1
    says vhart record --guestkallsyms "$hostile" -- run --kernel /guests/work.elf
    says vhart record -o "/nowhere/$hostile" -- run --kernel /guests/work.elf
    says vhart report -i "$hostile"
    printf 'junk\n' >"$hostile"
    says vhart report -i "$hostile"
    says vhart report -i "$hostile" --guestvmlinux "$hostile"
}

# A VM, its kernel's file and the functions of its kernel have the name. Ours is refused it: so it is QEMU's.
starts_hostile() {
    cp /guests/work.elf "$hostile"
    # No length, as kallsyms has it: all is in it.
    printf '0000000080000000 T %s\nffffffffff000000 T end\n' "$hostile" >names
    qemu-system-riscv64 -name "guest=$hostile" -machine virt -accel kvm -cpu host -smp 1 -m 128 -nodefaults -display none \
        -serial file:vm.out -monitor none -kernel "$hostile" -append "rounds=100000000 calls=1" </dev/null >vm.err 2>&1 &
    vm=$!
    pid=$vm
    await begin vm.out
}

# shows PATTERN CMD...: it prints the name
shows() {
    pattern=$1
    shift
    run "$@"
    expect_status 0
    printable "$out" "$err"
    expect_out "$pattern"
}

has_samples() { vhart report -i r --json 2>/dev/null | grep -q '"samples":[1-9]'; }

vm_of_that_name() {
    starts_hostile
    shows '^.x1b.2J' vhart stat -p $vm --once --html stat.html
    printable stat.html
    grep -q "<h1>$shown" stat.html || die "$(head -n 80 stat.html)"
    shows 'EXIT REASON' vhart stat -p $vm --once --by vcpu
    shows "0x[0-9a-f]+ $shown\\+0x" vhart stat -p $vm --once --by pc --guestkallsyms names
    shows "$shown\\+0x" vhart stat -p $vm --once --by pc --csv --guestkallsyms names
    shows 'u001b' vhart stat -p $vm --once --by pc --json --guestkallsyms names
    shows "$shown" vhart trace --all -n 20
    shows '"vm":"' vhart trace -p $vm -n 20 --json
    says vhart stat --name nobody
    # The file is no kernel any more, and that is said with its name.
    printf 'junk\n' >"$hostile"
    vhart record -o r -e cpu-clock -p $vm --guestkallsyms names >record.out 2>&1 &
    watcher=$!
    pid=$watcher
    until_true has_samples
    kill -INT $watcher
    wait $watcher
    # The text of a recording is in lines; samples are binary.
    grep -a '^{"type"' r >lines
    grep -q '"type":"symbol"' lines || die 'no function has a name'
    printable record.out lines
    ends $vm
    for by in symbol pc vcpu exit; do
        shows '^# VM: ' vhart report -i r --by $by
    done
    shows '\[g\] +.x1b.2J.u009b' vhart report -i r
    shows 'x1b' vhart report -i r --json
    shows '^# VM: ' vhart report -i r --folded folded --flamegraph flame.svg --pprof profile --html page.html
    printable folded flame.svg page.html
    grep -qa 'x1b' folded || die "$(cat folded)"
    rm -f "$hostile"
}

probes() {
    run vhart probe
    printable "$out" "$err"
    run vhart probe --json
    printable "$out" "$err"
}

t "words of a command line" words
t "a VM, its file and its functions" vm_of_that_name
t "what a host says of itself" probes
