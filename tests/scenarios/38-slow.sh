# shellcheck shell=dash disable=SC2154
# Five slow guests: what is wrong with each stands first on its page (vhart stat --html), and in vhart stat --findings.
# lab: hosts=any smp=2

# slow RULE WORDS: the guest that does what WORDS say; the worst finding of it is of RULE
slow() {
    run vhart stat --findings --html page.html -- run --name slow --cpus 2 --memory 256M --kernel /guests/odd.elf --append "$2"
    is_told "$1"
}
is_told() {
    expect_status 0
    expect_out 'end$'
    first=$(grep -m 1 '^[a-z-]*: slow vCPU [01], ' "$err") || die "nothing was found: $(cat "$err")"
    expect_eq "the worst" "${first%%:*}" "$1"
    grep -qF "<strong>$(printf '%s' "$first" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')</strong>" page.html ||
        die "the page does not say: $first"
    expect_eq "the first part of the page" "$(grep -m 1 -o '<h2>[^<]*</h2>' page.html)" '<h2>Findings</h2>'
}

# The host takes its memory away while it works on it: to a swap in memory, as there is no disk.
reclaimed() {
    dd if=/dev/zero of=swap bs=1M count=300 2>/dev/null
    device=$(losetup -f)
    losetup "$device" swap
    mkswap "$device" >/dev/null
    swapon "$device" || die "no swap"
    echo +memory >/sys/fs/cgroup/cgroup.subtree_control
    mkdir /sys/fs/cgroup/slow
    sh -c 'echo $$ >/sys/fs/cgroup/slow/cgroup.procs; exec "$@"' sh \
        vhart stat --findings --html page.html -- run --name slow --memory 256M --kernel /guests/odd.elf --append 'idle=14 again=12' </dev/null >"$out" 2>"$err" &
    pid=$!
    last='vhart stat of a guest whose memory is taken'
    # It was idle for long enough to have a past, and works now.
    until_true has_touched_memory
    while kill -0 $pid 2>/dev/null; do
        # It may get less than it asks for, and says so.
        echo 48M >/sys/fs/cgroup/slow/memory.reclaim 2>/dev/null || true
        sleep 0.2
    done
    wait $pid && status=0 || status=$?
    swapoff "$device"
    losetup -d "$device"
    rmdir /sys/fs/cgroup/slow
    is_told ram-faults
}

has_touched_memory() { [ "$(cat /sys/fs/cgroup/slow/memory.current)" -gt 67108864 ]; }

t "a console" slow console 'console=8'
t "IPIs" slow ipi-storm 'ipi=8'
t "timers" slow timer-storm 'timer=8'
t "one busy hart" slow busy-vcpu 'alone=28'
t "memory that the host takes away" reclaimed
