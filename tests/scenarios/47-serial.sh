# shellcheck shell=dash
# The console's log, and serial ports beside the console: files, terminals, sockets; who does not read; and what is refused.
# lab: hosts=any

peer=$(dirname "$(command -v vhart)")/tests/scenarios/peer

two_lives_in_one_log() {
    echo 'before' >log
    guest 'echo first; reboot -f' --console-log log --on-reboot exit
    expect_status 3
    cmp "$out" log || die "the log is not what the console printed: $(tail -n 5 log)"
    guest 'echo second; exit 0' --console-log log,append
    expect_status 0
    has_line '^first' log || die "the log was not continued"
    has_line '^second' log || die "nothing new is in the log"
    expect_no_err 'console-log'
}
t "a console's log has what the console printed, and is continued where it is asked" two_lives_in_one_log

full_disk_and_others() {
    guest 'echo all is well; exit 0' --console-log /dev/full
    expect_status 0
    expect_out '^all is well'
    expect_err '^vhart: warning: --console-log /dev/full: No space left on device: nothing more is written to it'
    expect_err "^vhart: warning: --console-log /dev/full: [0-9]+ of [0-9]+ bytes are not in it"
    has_lines 2 'console-log' "$err" || die "not two lines of it"
    mkfifo pipe
    run vhart run --kernel /guests/hello.elf --memory 16M --console-log pipe
    expect_status 125
    expect_one_line
    expect_err '^vhart: --console-log pipe: .*: start what reads this pipe first'
}
t "a full disk costs the log, not the guest; a pipe that nobody reads is refused" full_disk_and_others

with_a_command() {
    run vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --console-log log \
        --append loglevel=7 -- echo hello
    expect_status 0
    expect_eq "standard output" "$(cat "$out")" hello
    has_line 'Linux version' log || die "the kernel's lines are not in the log"
}
t "with a command the log has what its kernel says" with_a_command

# Both lives do this: bytes to the file, a line each way on the other two, and then what is asked.
script='
for port in 1 2 3; do stty -F /dev/ttyS$port raw -echo; done
cat /bytes >/dev/ttyS1
exec 4<>/dev/ttyS2 5<>/dev/ttyS3
echo ready
read -r line <&4; echo "the socket says $line"; echo "answer to $line" >&4
read -r line <&5; echo "the terminal says $line"; echo "answer to $line" >&5
read -r line <&4
[ "$line" = again ] && reboot -f
exit 0
'

speaks_on_both() {
    until_true has_lines "$1" '^ready'
    mkfifo "to.$1"
    "$peer" connect port <"to.$1" >"from.$1" &
    client=$!
    exec 4>"to.$1"
    echo "hello $1" >&4
    await "^answer to hello $1" "from.$1"
    head -n 1 <"$terminal" >"typed.$1" &
    reads=$!
    echo "keys $1" >"$terminal"
    wait $reads
    expect_eq "what came to the terminal" "$(cat "typed.$1")" "answer to keys $1"
    echo "$2" >&4
}

three_ports_in_two_lives() {
    head -c 20000 /dev/urandom >bytes
    printf '%s\n' "$script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --inject bytes:/bytes \
        --serial file=file --serial unix=port --serial pty
    await '^vhart: serial3: /dev/pts/' "$err"
    terminal=$(sed -n 's/^vhart: serial3: //p' "$err")
    expect_eq "the socket's mode" "$(stat -c %a port)" 600
    speaks_on_both 1 again
    until_true has_lines 2 '^ready'
    exec 4>&-
    ends $client
    # Another client, and the same terminal.
    speaks_on_both 2 end
    hang_up
    exec 4>&-
    ends $client
    expect_status 0
    expect_out '^the socket says hello 1'
    expect_out '^the terminal says keys 2'
    expect_no_err 'guest error|warning'
    cat bytes bytes >twice
    cmp file twice || die "the file does not have the bytes of both lives"
    [ ! -e port ] || die "the socket is still there"
}
t "three ports to a file, a socket and a terminal, over a reboot" three_ports_in_two_lives

# Nobody is there; then somebody who says a word and does not read; then he does, and the last word arrives. What he is sent
# while he does not read is more than a socket holds.
nobody_holds_the_guest_up() {
    cat >run.sh <<'SCRIPT'
for port in 1 2; do stty -F /dev/ttyS$port raw -echo; done
head -c 30000 /dev/zero | tr '\0' n >/dev/ttyS1
head -c 30000 /dev/zero | tr '\0' n >/dev/ttyS2
exec 4</dev/ttyS1
echo "nobody read"
read -r word <&4
echo "he says $word"
read -r line
head -c 250000 /dev/zero | tr '\0' s >/dev/ttyS1
echo "he did not read"
read -r line
while :; do echo "the last word" >/dev/ttyS1; usleep 100000; done &
read -r line
exit 0
SCRIPT
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --serial unix=port --serial pty --verbose
    await '^nobody read'
    mkfifo to
    "$peer" connect port <to >got &
    client=$!
    exec 4>to
    echo hello >&4
    await '^he says hello'
    kill -STOP $client
    say_to 'go on
'
    await '^he did not read'
    kill -CONT $client
    say_to 'go on
'
    await 'the last word' got
    say_to 'end
'
    hang_up
    exec 4>&-
    ends $client
    expect_status 0
    expect_err '^vhart: serial1: [0-9]+ bytes were lost: nobody read them in time'
    expect_err '^vhart: serial2: [0-9]+ bytes were lost: nobody read them in time'
}
t "nobody who does not read holds the guest up" nobody_holds_the_guest_up

# The port is the guest's console, too: there is no other.
on_standard_input() {
    printf '%s\n' 'stty -echo; echo hello; read -r line; echo "you say $line"; exit 0' >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS1 quiet panic=-1' --inject run.sh:/run.sh --console none --serial stdio
    await '^hello'
    say_to 'yes
'
    hang_up
    expect_status 0
    expect_out '^you say yes'
}
t "a port on standard input and output" on_standard_input

# The guest's script ends when it has seen both sizes.
size_of_the_terminal() {
    cat >run.sh <<'SCRIPT'
see() { until [ "$(stty size)" = "$1" ]; do usleep 100000; done; echo "it is $1"; }
see "40 100"
see "50 120"
exit 0
SCRIPT
    terminal_session 2326 "stty rows 40 cols 100; vhart run --kernel /guests/$linux/Image --initrd /guests/$linux/initrd-small \
        --memory 256M --append 'quiet panic=-1' --inject run.sh:/run.sh --console virtio"
    await 'it is 40 100'
    stty -F "$(tty_of_session)" rows 50 cols 120
    await 'it is 50 120'
    end_session
    expect_status 0
}
t "the size of the virtio console is the terminal's, and follows it" size_of_the_terminal

# refused PATTERN OPTIONS
refused() {
    pattern=$1
    shift
    run vhart run --kernel /guests/hello.elf --memory 16M "$@"
    expect_status 125
    expect_one_line
    expect_err "$pattern"
}

wrong_ends() {
    refused '--serial tcp: expected file=PATH' --serial tcp
    refused '--serial file=: expected' --serial file=
    refused 'no more can be' --serial null --serial null --serial null --serial null
    refused '--serial stdio: .*--console none' --serial stdio
    refused '--serial file=/no/such/file: No such file' --serial file=/no/such/file
    : >there
    refused '--serial unix there: there is something already: take another name' --serial unix=there
    refused '--console-log /: Is a directory' --console-log /
    refused 'unknown option -serial: --console is ' -serial pty
}
t "ends that cannot be had are a line each" wrong_ends
