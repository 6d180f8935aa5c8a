# shellcheck shell=dash
# EDK2 as firmware: it starts in flash, keeps its variables in a file, and what is wrong with the files is one line.
# lab: hosts=any

code=/guests/edk2/RISCV_VIRT_CODE.fd
guid=12345678-1234-1234-1234-123456789abc
# It decompresses itself, and looks for something to boot.
limit=300

fresh_vars() { cp /guests/edk2/RISCV_VIRT_VARS.fd vars; }

# With nothing to boot it comes to its shell, which waits for a key.
at_prompt() {
    until_true has_lines "$1" 'in 5 seconds to skip'
    types ''
    until_true is_asked
}

is_asked() { awk '/in 5 seconds to skip/ { asked = 0 } /Shell>/ { asked = 1 } END { exit !asked }' "$out"; }

starts_shell() {
    talk vhart run --firmware "$code,vars=vars" --memory 256M "$@"
    at_prompt 1
}

types() { say_to "$1$(printf '\r')"; }
sets() { types "setvar $1 -guid $guid -nv -bs =L\"$2\""; }

# shows NAME PATTERN: the variable's bytes, in hexadecimal; "first" is in UTF-16.
shows() {
    types "setvar $1 -guid $guid"
    await "$2"
}

leaves() {
    types 'reset -s'
    hang_up
    expect_status 0
    expect_no_err 'guest error|not mapped|nothing there'
}

# A variable of one process is there in the next.
keeps_variables() {
    fresh_vars
    starts_shell "$@"
    sets Kept first
    shows Kept '66 00 69 00 72 00 73 00 74 00'
    leaves
    ! cmp -s vars /guests/edk2/RISCV_VIRT_VARS.fd || die "nothing was saved"
    starts_shell "$@"
    shows Kept '66 00 69 00 72 00 73 00 74 00'
    leaves
}

# Killed while it writes variables: the next one finds those that were written.
survives_kill() {
    fresh_vars
    starts_shell
    sets Kept first
    shows Kept '66 00 69 00 72 00 73 00 74 00'
    for n in 1 2 3 4 5 6 7 8; do sets "Many$n" "$n$n$n$n$n$n$n$n"; done
    await 'Many3 '
    kill -KILL "$pid"
    hang_up
    expect_status 137
    starts_shell
    shows Kept '66 00 69 00 72 00 73 00 74 00'
    leaves
}

# A reboot from inside is a new life with the same flash.
reboots() {
    fresh_vars
    starts_shell
    sets Kept first
    types reset
    at_prompt 2
    shows Kept '66 00 69 00 72 00 73 00 74 00'
    leaves
}

# refused WORDS OPTIONS
refused() {
    words=$1
    shift
    run vhart run "$@"
    expect_status 125
    expect_err "$words"
    expect_one_line
}

bad_files() {
    refused 'EDK2, which keeps variables in a file: add ,vars=FILE' --firmware "$code"
    refused 'vars=none: No such file .*make it a copy' --firmware "$code,vars=none"
    refused 'is a directory: a file is needed' --firmware "$code,vars=/tmp"
    truncate -s 1000 short
    refused 'has 1000 bytes: a flash has a multiple of 256K' --firmware "$code,vars=short"
    : >empty
    refused 'has 0 bytes: a flash has' --firmware "$code,vars=empty"
    refused 'is not EDK2: ,vars= is for firmware that starts in flash' --firmware /guests/u-boot/u-boot.bin,vars=short
    refused 'expected FILE, or FILE,vars=FILE' --firmware "$code,vars="
    refused 'is EDK2, which is firmware' --kernel "$code"
    fresh_vars
    refused 'needs [0-9]+ MiB of memory' --firmware "$code,vars=vars" --memory 64M
}

in_use() {
    fresh_vars
    talk vhart run --firmware "$code,vars=vars" --memory 256M
    await .
    first=$pid
    refused 'is in use by another virtual machine: give each a copy of its own' --firmware "$code,vars=vars"
    pid=$first
    kill -INT "$pid"
    hang_up
    expect_status 130
}

t "EDK2 keeps its variables in a file" keeps_variables
t "the same with devices over MMIO, and a PLIC" keeps_variables --transport mmio --aia off
t "EDK2 finds its variables after a reboot from inside" reboots
t "variables survive kill -9" survives_kill
t "firmware and its variables: what is wrong is one line" bad_files
t "a file of variables serves one VM at a time" in_use
