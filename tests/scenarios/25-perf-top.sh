# shellcheck shell=dash disable=SC2154,SC2016
# perf top in two guests and on the host, all at once: each sees its own work, sampled by a counter of its own.
# lab: hosts=any smp=2

# A guest that works, and looks with perf top, which wants an input that stays open. Its screens come by pieces of 4 KiB: it goes on
# until it has had some that are not empty, and tells them when it is asked.
guest_script='#!/bin/sh
WORK &
mkfifo /keys
perf top --stdio -s comm -e cycles -F 100 -d 2 </keys >/top 2>&1 &
exec 4>/keys
until [ "$(grep -ac "PerfTop: *[1-9]" /top)" -ge 3 ]; do sleep 1; done
echo "it has screens"
read -r asked
tr -d "\033" </top | sed "s/^/top: /"
'

# guest_of NAME WORK: in the background
guest_of() {
    printf '%s' "$guest_script" | sed "s|^WORK|$2|" >"$1.sh"
    mkfifo "$1.in"
    vhart run --name "$1" --memory 256M --pmu vmm --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/$1.sh:/run.sh" <"$1.in" >"$1.out" 2>"$1.err" &
}

has_screens() { grep -q '^it has screens' "$1.out"; }
host_has_screens() { [ "$(grep -ac 'PerfTop: *[1-9]' host.top)" -ge 3 ]; }

# percent FILE NAME: of the screen that has most of it; the last one may be cut
percent() {
    tr -d '\r' <"$1" | sed 's/^top: //' | awk -v name="$2" '
        /PerfTop:/ { sum = 0 }
        $2 == name { sum += $1; if (sum > most) most = sum }
        END { printf "%d", most }'
}

# at_least NUMBER FILE NAME
at_least() {
    got=$(percent "$2" "$3")
    echo "# $2: $got per cent of $3"
    [ "$got" -ge "$1" ] || die "$2 has $got per cent of $3: $(tail -n 20 "$2")"
}

# perf top takes a minute to begin, and there are three.
limit=600

all_at_once() {
    guest_of one "awk 'BEGIN { while (1) i++ }'"
    one=$!
    exec 5>one.in
    guest_of two 'yes >/dev/null'
    two=$!
    exec 6>two.in
    mkfifo keys
    perf top --stdio -s comm -e cpu-clock -F 100 -d 2 <keys >host.top 2>&1 &
    host=$!
    exec 7>keys
    pid=$one
    until_true has_screens one
    pid=$two
    until_true has_screens two
    pid=$host
    until_true host_has_screens
    exec 7>&-
    kill "$host"
    wait "$host"
    echo >&5
    echo >&6
    wait "$one" || die "one: $(tail -n 5 one.out)"
    wait "$two" || die "two: $(tail -n 5 two.out)"
    exec 5>&- 6>&-
    at_least 20 one.out awk
    at_least 20 two.out yes
    ! grep -q ' yes ' one.out || die "one sees yes: $(tail -n 20 one.out)"
    ! grep -q ' awk ' two.out || die "two sees awk: $(tail -n 20 two.out)"
    at_least 20 host.top vcpu0
}

if lcofi_works; then
    t "each sees its own work" all_at_once
else
    skip "each sees its own work" "this QEMU raises no LCOFI"
fi
