# shellcheck shell=dash disable=SC2154
# What happens while a watcher makes itself ready: exits that come meanwhile, and signals.
# lab: hosts=any

# A VM that calls without end; $vm
starts_busy() {
    vhart run --name busy --cpus 2 --memory 64M --pmu off --kernel /guests/work.elf --append "rounds=100000000 calls=50" \
        </dev/null >vm.out 2>vm.err &
    vm=$!
    pid=$vm
    await begin vm.out
}

# What queued up before the clock was read has its own time: one line is the first.
times_of_a_busy_vm() {
    starts_busy
    for i in 1 2 3; do
        run vhart trace -p $vm -e all -n 200
        expect_status 0
        [ "$(grep -c '^ *0\.000000 ' "$out")" -le 1 ] || die "$(head -n 20 "$out")"
        awk '/^#/ { next } $1 < last { bad = 1 } { last = $1 } END { exit bad || NR < 200 }' "$out" || die "times go back, try $i"
    done
    ends $vm
}

# is_whole FILE: it is a recording with its end, and not half of one
is_whole() {
    run vhart report -i "$1"
    expect_status 0
    expect_no_out 'has no end'
}

# stopped_after SECONDS FILE: a recording that a signal ends then, into a new file or over an old one. Whatever it had come to, no
# file says less than before, and a line says what came of it.
stopped_after() {
    file=$2
    rm -f new
    echo precious >old
    vhart record -o "$file" -e cpu-clock -p "$vm" >record.out 2>&1 &
    watcher=$!
    sleep "$1"
    kill -TERM $watcher
    wait $watcher
    status=$?
    case $status in
    0) is_whole "$file" ;;
    143)
        [ ! -e new ] || die "$(wc -c new): $(cat record.out)"
        expect_eq old "$(cat old)" precious
        # Before it caught signals it is a process like any other.
        [ ! -s record.out ] || grep -q "ended by signal 15 before it recorded: $file is as it was" record.out || die "$(cat record.out)"
        ;;
    *) die "exit status $status: $(cat record.out)" ;;
    esac
    [ $status = 0 ] || said=$((said + $(grep -c 'before it recorded' record.out)))
}

signals_while_it_starts() {
    starts_busy
    said=0
    file=new
    for delay in 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6 0.8 1 1.5 2 3; do
        stopped_after $delay "$file"
        [ "$status" != 0 ] || break
        if [ "$file" = new ]; then file=old; else file=new; fi
    done
    ends $vm
    echo "# said so: $said times, the last delay $delay"
}

t "times of what was queued" times_of_a_busy_vm
t "a signal while it starts" signals_while_it_starts
