# shellcheck shell=dash disable=SC2154,SC2016
# vhart record and report: functions of a Linux guest's modules have the names that its own /proc/kallsyms has.
# lab: hosts=6.12,7.2

# shellcheck source=tests/scenarios/record.sh
. "$here/record.sh"

# It reads a file of an overlay, byte by byte.
reads='#!/bin/sh
insmod /overlay.ko
mkdir /one /two /both
dd if=/dev/zero of=/one/file bs=64k count=8 2>/dev/null
mount -t overlay overlay -o lowerdir=/one:/two /both
grep " [tTwW] [a-z_][^.]*\[overlay\]" /proc/kallsyms
echo reads
while :; do dd if=/both/file of=/dev/null bs=1 2>/dev/null; done'

# What $out has of the guest's kallsyms: "address name"
guest_kallsyms() { tr -d '\r' <"$out" | tr '\t' ' ' | sed -n 's/^\([0-9a-f]\{16\}\) [tTwW] \(.*\) \[overlay\]$/\1 \2/p'; }

# The lines of the recording r: between them are packed records.
recorded() { tr -c '\n -~' '\n' <r; }

overlay() { echo "/guests/$linux/usr/lib/modules/"*/overlay.ko; }

# ours: a VM, $vm, that reads
ours() {
    printf '%s\n' "$reads" >run.sh
    linux_runs '^reads' --inject "$(overlay):/overlay.ko"
}

# record_rows OPTIONS: of $vm, for some seconds
record_rows() {
    record --time 4 "$@"
    vhart report -i r --json >rows
}

# Each function that the recording has of the module is where the guest says, and of the same name.
names_are_the_guests() {
    guest_kallsyms >wanted
    [ "$(wc -l <wanted)" -gt 50 ] || die "the guest said little of its symbols: $(head -n 20 "$out")"
    recorded | sed -n 's/.*"type":"symbol","start":"0x\([0-9a-f]*\)".*"name":"\([^"]*\)","module":"overlay".*/\1 \2/p' >got
    echo "# $(wc -l <got) functions of $(wc -l <wanted): $(cut -d ' ' -f 2 got | head -n 8 | tr '\n' ' ')"
    [ "$(wc -l <got)" -ge 2 ] || die "hardly any function: $(head -n 20 rows)"
    while read -r line; do
        # Of a part of a function that the compiler has made the guest was not asked.
        case $line in *.*) continue ;; esac
        grep -qxF "$line" wanted || die "the guest has no $line: $(grep "${line%% *}" wanted)"
    done <got
}

# per_cent PATTERN: of what counts, in rows whose symbol matches
per_cent() {
    sed -n 's/.*"share":\([0-9.]*\),.*"symbol":"\(.*\)"}.*/\1 \2/p' rows | grep -E -- "$1" | awk '{ n += $1 } END { printf "%d", n * 100 + 0.5 }'
}

modules_are_named() {
    ours
    record_rows -e cpu-clock -g
    names_are_the_guests
    grep -q '"symbol":"ovl_read_iter \[overlay\]"' rows || die "$(cat rows)"
    nameless=$(per_cent '^0xf')
    echo "# per cent in overlay: $(per_cent ' \[overlay\]$'), without a name: $nameless"
    [ "$nameless" -lt 2 ] || die "kernel code without names: $(grep '"0xf' rows)"
    vhart report -i r --folded folded >table
    grep -q ';vfs_read;ovl_read_iter \[overlay\];' folded || die "who called: $(grep ovl_ folded | head)"
    grep -q '  \[g\]   ovl_read_iter \[overlay\]$' table || die "$(cat table)"
    ends "$vm"
}

# Exits are added up, and their names written at the end; nobody asked for tasks.
exits_in_modules() {
    ours
    record_rows -e exits -g --no-tasks
    recorded | grep -q '"type":"module".*"name":"overlay"' || die "no module: $(head -n 20 rows)"
    vhart report -i r --folded folded >table
    grep -q ';ovl_read_iter \[overlay\];' folded || die "$(cat folded)"
    ! grep -q ';0xf[0-9a-f]*;' folded || die "$(grep ';0xf' folded | head)"
    ends "$vm"
}

# Any VMM's guest.
of_qemu() {
    printf '%s\n' "$reads" >run.sh
    qemu_runs '^reads' "$(overlay)"
    record_rows -e cpu-clock
    names_are_the_guests
    ends "$vm"
}

echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent

t "functions in modules of a 6.12 guest" modules_are_named
t_any "exits in modules" exits_in_modules
linux='linux-7.2'
t_any "functions in modules of a 7.x guest" modules_are_named
t_any "modules of a guest of QEMU" of_qemu
