# shellcheck shell=dash disable=SC2154
# vhart stat --save and vhart diff: the same guest is the same, more exits are named, and bad files are refused with a line.
# lab: hosts=6.12,7.2

# saves FILE WORDS: what the bare-metal guest with such words exits for
saves() {
    run vhart stat --save "$1" -- run --cpus 2 --memory 64M --pmu off --kernel /guests/exits.elf --append "harts=2 $2"
    expect_status 0
    [ -s "$1" ] || die "no $1"
}
words='calls=100 mmio=50 halts=4 us=1000 spin=100000'

same_is_same() {
    saves a "$words"
    saves b "$words"
    run vhart diff a b
    expect_status 0
    expect_no_out 'regressed'
    expect_out '^sbi base.probe_extension +200 +200 +\+0.0% '
    expect_out '^total but irq '
    expect_no_err unlike
}

# 300 calls of each kind and hart where there were 100: and of nothing else more.
more_is_named() {
    saves a "$words"
    saves b "calls=300 ${words#* }"
    run vhart diff a b
    expect_status 1
    expect_out '^sbi base.probe_extension +200 +600 +\+200.0% .* more !$'
    expect_no_out '^store_guest_page_fault mmio .*!$'
    run vhart diff --threshold 200 a b
    expect_out '^sbi base.probe_extension +200 +600 +\+200.0% [^!]*$'
    run vhart diff b a
    expect_status 0
    expect_out '^sbi base.probe_extension +600 +200 +-66.7% .* fewer$'
    run vhart diff --json a b
    expect_status 1
    expect_out '"reason":"sbi","sub":"base.probe_extension","count":\{"before":200.000,"after":600.000,.*"change":"more"\}.*"regressed":true'
}

new_and_gone() {
    saves a "calls=100 halts=0 us=1000 spin=100000"
    saves b "calls=100 mmio=50 halts=0 us=1000 spin=100000"
    run vhart diff a b
    expect_status 1
    expect_out '^store_guest_page_fault mmio +0 +100 +new .* new !$'
    run vhart diff b a
    expect_out '^store_guest_page_fault mmio +100 +0 +-100.0% .* gone$'
}

several_a_side() {
    for i in 1 2 3; do
        saves a$i "$words"
        saves b$i "$words"
    done
    run vhart diff a1 a2 a3 -- b1 b2 b3
    expect_status 0
    expect_out '^before: 3 runs of [0-9.]+ s  after: 3 runs of '
    saves b1 "calls=9000 ${words#* }"
    run vhart diff a1 a2 a3 -- b1 b2 b3
    expect_status 0
    run vhart diff --by vcpu a1 a2 -- b1
    expect_status 1
    expect_out '^vcpu1 sbi base.probe_extension +100 +9000 '
}

unlike_goes_on() {
    saves a "$words"
    run vhart stat --save b --tier log -- run --memory 64M --pmu off --kernel /guests/hello.elf
    expect_status 0
    run vhart diff a b
    expect_err '^vhart: note: unlike: the guest: /guests/exits.elf in a, /guests/hello.elf in b$|^vhart: unlike: the guest: '
    expect_err 'unlike: the number of vCPUs: 2 in a, 1 in b'
    expect_err 'unlike: how it was counted: '
    expect_out '^total but irq '
}

# saves_by WHAT FILE KERNEL WORDS: with --by WHAT; other VMM options are in $more
saves_by() {
    # shellcheck disable=SC2086 # its words
    run vhart stat --by "$1" --save "$2" -- run --cpus 2 --memory 64M $more --kernel "/guests/$3" --append "$4"
    expect_status 0
}

# Of 50 accesses by each hart 150: of each register by its name, and none that was there before as often.
by_register_csr_and_function() {
    more='--pmu off'
    saves_by mmio a exits.elf "harts=2 $words"
    saves_by mmio b exits.elf "$(echo "harts=2 $words" | sed 's/mmio=50/mmio=150/')"
    run vhart diff a b
    expect_status 1
    expect_out '^EXITS BY DEVICE REGISTER +BEFORE +AFTER +COUNT% +NOISE +EACH +AFTER +TIME% +COST  WHAT$'
    expect_out '^store_guest_page_fault mmio uart\+0x7 \(SCR\) +100 +300 +\+200.0% .* more !$'
    expect_out '^load_guest_page_fault mmio 0x10000 +100 +300 +\+200.0% .* more !$'
    run vhart diff --by vcpu --json a b
    expect_status 1
    expect_out '"keys":"mmio"'
    expect_out '"type":"key",.*"sub":"mmio","at":"uart\+0x7 \(SCR\)","vcpu":1,"count":\{"before":50.000,"after":150.000,.*"regressed":true'
    saves c "$words"
    run vhart diff a c
    expect_status 0
    expect_err 'unlike: what exits are told apart by: mmio in a, their kind alone in c$'
    expect_err 'registers, CSRs and functions are not compared: save all runs with the same --by$'
    expect_out '^total but irq '
    expect_no_out 'EXITS BY'
    more='--pmu kvm'
    saves_by csr a exits.elf 'csr=30 harts=2'
    saves_by csr b exits.elf 'csr=90 harts=2'
    run vhart diff a b
    expect_status 1
    expect_out '^virtual_inst csr read cycle +60 +180 +\+200.0% .* more !$'
    more='--pmu off'
    saves_by pc a work.elf 'rounds=100 calls=4'
    saves_by pc b work.elf 'rounds=100 calls=12'
    run vhart diff a b
    expect_status 1
    expect_out '^sbi base.get_spec_version sbi_call +400 +1200 +\+200.0% .* more !$'
}

# refused PATTERN CONTENT: a file of it ends the command with 2 and that line
refused() {
    pattern=$1
    printf %b "$2" >bad
    run vhart diff good bad
    expect_status 2
    expect_err "$pattern"
    [ "$(wc -l <"$err")" = 1 ] || die "more than a line: $(cat "$err")"
    [ ! -s "$out" ] || die "and a table: $(cat "$out")"
}

bad_files() {
    saves good "$words"
    refused 'bad: it is empty' ''
    refused "bad: line 1: expected a JSON object" 'junk\n'
    refused "bad: it was not written by 'vhart stat --save'" '{"type":"header","vhart":"trace","version":1}\n'
    refused "bad: is no recording of 'vhart record'" '{"type":"header","vhart":"recording","version":1}\n'
    sed '1s/"version":1/"version":7/' good >bad
    refused 'bad: version 7 of such files, and this vhart reads 1: take the vhart that wrote it' "$(cat bad)\n"
    refused 'bad: the end is missing|bad: line [0-9]+: the end is missing' "$(sed '$d' good)\n"
    refused 'bad: line [0-9]+: it is cut short' "$(sed '$d' good)"
    run vhart diff good nothing
    expect_status 2
    expect_err 'nothing: No such file'
    run vhart diff good
    expect_status 2
    run vhart diff good --
    expect_status 2
}

# 4 calls a round, and 12: of each function as many exits as it caused.
recordings_are_compared() {
    for calls in 4 12; do
        run vhart record -o r$calls -e exits -g -- run --memory 64M --pmu off --kernel /guests/work.elf --append "rounds=500 calls=$calls"
        expect_status 0
    done
    run vhart diff --flamegraph f.svg r4 r12
    expect_status 1
    expect_out '^FUNCTION, BY ITS EXITS +BEFORE +AFTER +COUNT% +NOISE +EACH +AFTER +TIME% +COST  WHAT$'
    # The host's interrupts while it runs are its as well.
    expect_out '^sbi_call +2[0-9]{3} +6[0-9]{3} +\+[0-9.]+% .* more !$'
    grep -q '<title>+[0-9]*% sbi_call (before ' f.svg || die "not in the flame graph: $(grep -o '<title>[^<]*sbi_call[^<]*' f.svg)"
    run vhart diff r4 r4
    expect_status 0
    saves a "$words"
    run vhart diff a r4
    expect_status 2
    expect_err "^vhart: a is a file of 'vhart stat --save', and r4 is a recording of exits: compare files of one kind$"
    run vhart diff --flamegraph g.svg a a
    expect_status 2
    expect_err '^vhart: --flamegraph: counts have no stacks: '
    [ ! -e g.svg ] || die "and a file"
}

hostile_names() {
    saves a "$words"
    esc='\\u001b[2J\\u009b1m'
    sed "s/\"sub\":\"base.probe_extension\"/\"sub\":\"$esc\"/; 1s/\"guest\":\"/&$esc/" a >b
    run vhart diff a b
    expect_status 1
    expect_out '^sbi .x1b\[2J.u009b1m '
    expect_err 'unlike: the guest: .*x1b\[2J'
    left=$(cat "$out" "$err" | LC_ALL=C tr -d '\n -~\200-\377' | wc -c)
    [ "$left" = 0 ] || die "control characters: $(cat -v "$out" "$err")"
    run vhart diff --json a b
    expect_out '"sub":".u001b\[2J'
}

full_disk() {
    mkdir small
    mount -t tmpfs -o size=16k tmpfs small
    echo before >small/s
    dd if=/dev/zero of=small/full bs=4k 2>/dev/null
    run vhart stat --save small/s -- run --memory 64M --pmu off --kernel /guests/hello.elf
    said=$(cat small/s) && files=$(find small -type f | sort | tr '\n' ' ')
    umount small
    expect_status 125
    expect_err '^vhart: --save small/s: No space left on device: '
    expect_eq "what was there before" "$said" before
    expect_eq "what is there" "$files" 'small/full small/s '
    run vhart stat --save /nowhere/s -- run --memory 64M --kernel /guests/hello.elf
    expect_status 125
    expect_err '^vhart: --save /nowhere/s: No such file'
    expect_no_out hello
}

t "the same guest twice is the same" same_is_same
t "more exits are a regression, and named" more_is_named
t_any "exits that are new, and that are gone" new_and_gone
t_any "of several runs a side one odd run does not count" several_a_side
t_any "unlike things: a line each, and it goes on" unlike_goes_on
t_any "of stat --by mmio, csr and pc also where the exits were" by_register_csr_and_function
t_any "a file that is none, of another version, or cut" bad_files
t_any "recordings, by functions" recordings_are_compared
t_any "names in a file are shown" hostile_names
t_any "a full disk: --save says so, and what was there stays" full_disk
