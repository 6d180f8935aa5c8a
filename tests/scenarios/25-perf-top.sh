# shellcheck shell=dash disable=SC2154
# perf top in two guests and on the host, all at once: each sees its own work, sampled by a counter of its own.
# lab: hosts=6.12,7.2

# What each guest does while perf top looks, until it has had three screens: one computes in a process, the other has its
# kernel work. perf top ends when its input does.
in_process="awk 'BEGIN { while (1) i++ }'"
in_kernel='dd if=/dev/zero of=/dev/null bs=64k'

# guest_of NAME WORK: in the background; its process is in NAME.pid
guest_of() {
    cat >"$1.sh" <<X
$2 2>/dev/null &
mkfifo /keys
perf top --stdio -e cycles -F 100 -d 2 </keys 2>&1 | tr -d '\033' | sed 's/^/$1: /' &
exec 4>/keys
read -r seen
exec 4>&-
wait %2
echo "$1 ends"
X
    mkfifo "$1.in"
    vhart run --name "$1" --memory 256M --pmu vmm --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/$1.sh:/run.sh" <"$1.in" >"$1.out" 2>"$1.err" &
    echo $! >"$1.pid"
}

screens() { [ "$(grep -ac 'PerfTop: *[1-9]' "$1")" -ge "$2" ]; }

# percent FILE PATTERN: of the last screen's rows that match, together, a whole number
percent() {
    awk -v wanted="$2" '/PerfTop:/ { sum = 0 } $0 ~ wanted { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+%$/) { sum += $i; break } } END { printf "%d", sum }' "$1"
}
# in_kernel_mode FILE: per cent of the last screen's samples
in_kernel_mode() { sed -n 's/.*PerfTop:.*kernel: *\([0-9]*\)\..*/\1/p' "$1" | tail -n 1; }

all_at_once() {
    guest_of one "$in_process"
    exec 5>one.in
    guest_of two "$in_kernel"
    exec 6>two.in
    pid=$(cat one.pid)
    until_true screens one.out 1
    until_true screens two.out 1
    mkfifo keys
    perf top --stdio -e cpu-clock -F 100 -d 2 <keys >host.out 2>host.err &
    host=$!
    exec 7>keys
    until_true screens host.out 3
    until_true screens one.out 3
    until_true screens two.out 3
    exec 7>&-
    ends $host
    echo >&5
    echo >&6
    exec 5>&- 6>&-
    for name in one two; do wait "$(cat $name.pid)" || die "a guest: $(tail -n 5 $name.out)"; done
    echo "# kernel, per cent: one $(in_kernel_mode one.out), two $(in_kernel_mode two.out)"
    [ "$(in_kernel_mode one.out)" -le 30 ] || die "one is in its kernel: $(tail -n 30 one.out)"
    [ "$(in_kernel_mode two.out)" -ge 60 ] || die "two is not in its kernel: $(tail -n 30 two.out)"
    [ "$(percent one.out busybox)" -ge 60 ] || die "one does not see awk: $(tail -n 30 one.out)"
    [ "$(percent host.out 'kvm')" -ge 1 ] || die "the host does not see KVM: $(tail -n 30 host.out)"
}

if lcofi_works; then
    t "each sees its own work" all_at_once
else
    skip "each sees its own work" "this QEMU raises no LCOFI"
fi
