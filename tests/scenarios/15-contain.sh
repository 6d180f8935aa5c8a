# shellcheck shell=dash
# A guest cannot keep the machine from ending: SIGTERM and --timeout work whatever it does, and a result is written.
# lab: hosts=6.12,7.2

ends_with() {
    tr -d ' \n' <result | grep -qF "\"end\":\"$1\"" || die "the result does not say $1: $(tr -d '\n' <result)"
}

# A far alarm once made the loop's deadline wrap: it span with the lock held, and only SIGKILL ended the machine.
far_alarm() {
    talk vhart run --kernel /guests/hostile.elf --memory 16M --result result --append alarm=1
    await 'the alarm is set'
    kill -TERM "$pid"
    hang_up
    expect_status 143
    ends_with signal
    run vhart run --kernel /guests/hostile.elf --memory 16M --result result --append alarm=1 --timeout 2
    expect_status 124
    ends_with timeout
}

t "an alarm at the end of time: SIGTERM and --timeout end it" far_alarm
