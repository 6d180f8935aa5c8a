# shellcheck shell=dash disable=SC2154
# vhart trace: what was printed and what was lost are together what the guest made, to the unit.
# lab: hosts=7.2 smp=2
# lab: hosts=6.12

# The guest makes $calls calls on each of 2 harts; beside them one to start the second hart, one for its last line, and
# the second hart's stop and the machine's reset, which do not return: they are lines that stay unfinished, or lost.
trace_calls="vhart trace -e sbi -o lines -- run --cpus 2 --memory 64M --pmu off --kernel /guests/callrate.elf --append"

all_are_accounted_for() {
    expect_out "^made $((2 * calls)) "
    # A call that is seen by halves has two lines, of which the second says that it is resumed.
    printed=$(grep -Evc '^(\*\*\*|#)|resumed' "$T/lines")
    lost=$(sed -n 's/^\*\*\* v[01]: \([0-9]*\) events* lost \*\*\*$/\1/p' "$T/lines" | awk '{ sum += $1 } END { print sum + 0 }')
    expect_eq "$printed printed and $lost lost, in all" $((printed + lost)) $((2 * calls + 4))
    # Each loss stands where it happened: what one vCPU did is in order, with and without it.
    awk '!/^(\*\*\*|#)|resumed/ { if ($1 < last[$2]) bad = 1; last[$2] = $1 } END { exit bad }' "$T/lines" || die "lines of a vCPU are not in order"
}

as_fast_as_it_can() {
    calls=25000
    # shellcheck disable=SC2086
    run $trace_calls "harts=2 calls=$calls"
    expect_status 0
    all_are_accounted_for
}

# A reader that does nothing for a while: the rings hold a sixth of the calls.
a_slow_reader() {
    calls=100000
    # shellcheck disable=SC2086
    $trace_calls "harts=2 calls=$calls" </dev/null >"$out" 2>"$err" &
    pid=$!
    last='vhart trace of a guest in a hurry'
    await 'base.get_spec_version' "$T/lines"
    kill -STOP $pid
    await '^made '
    kill -CONT $pid
    wait $pid
    expect_eq "its status" $? 0
    all_are_accounted_for
    [ "$lost" -gt 0 ] || die "nothing was lost"
}

t "printed and lost are what the guest made, as fast as it can" as_fast_as_it_can
t_any "the same when the reader stops for a while" a_slow_reader

# record_of SIZE CALLS OPTIONS: a recorder of that buffer does nothing while its guest makes all its calls, so many on each
# of 2 harts; leaves $lost
record_of() {
    size=$1 each=$2
    shift 2
    # An older one would say at once that it records.
    rm -f "$T/r"
    vhart record -e exits --buffer "$size" "$@" -o "$T/r" -- run --cpus 2 --memory 64M --pmu off --kernel /guests/callrate.elf \
        --append "harts=2 calls=$each" </dev/null >"$out" 2>"$err" &
    pid=$!
    last='vhart record of a guest in a hurry'
    await '"type":"header"' "$T/r"
    kill -STOP $pid
    await '^made '
    kill -CONT $pid
    wait $pid
    expect_eq "its status" $? 0
    lost=$(sed -n 's/.* \([0-9]*\) lost.*, in .*/\1/p' "$err")
}

a_buffer_keeps_what_comes() {
    record_of 1M 20000
    [ "$lost" -gt 0 ] || die "nothing was lost: $(cat "$err")"
    expect_err '^vhart: the host did not take them in time: --buffer 2M keeps more of them$'
    record_of 256M 20000
    expect_eq "lost of 40000 calls and more" "$lost" 0
    expect_no_err 'did not take them'
    run vhart record --buffer 4k -- run --kernel /guests/hello.elf
    expect_status 125
    expect_err '^vhart: --buffer 4k: expected a size from 1M to 2G'
}

t "a larger buffer loses nothing where a small one does" a_buffer_keeps_what_comes

# A stack takes the room of what is on it. Were each 16 KiB, as the guest's are at most, half of these were lost.
callers_take_little() {
    record_of 64M 1000 -g
    expect_eq "lost of 2000 calls and more, with their callers" "$lost" 0
}

t "with callers it takes as much as there is on the stacks" callers_take_little
