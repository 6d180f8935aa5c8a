# shellcheck shell=dash
# The memory balloon: what the guest does not use is the host's again.
# lab: hosts=any

# kilobytes of RAM that vhart has; its own are few
held() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\).*/\1/p; s/^RssShmem:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$vmm/status" | awk '{ s += $1 } END { print s }'; }
says() { vhart ctl ./socket balloon "$@" >said 2>&1 || die "balloon $*: $(cat said)"; }
said() { sed -n "s/^$1: //p" said; }

script='
echo ready
read -r what
dd if=/dev/zero of=/tmp/much bs=1M count=80 2>/dev/null
echo filled
read -r what
rm /tmp/much
echo 3 >/proc/sys/vm/drop_caches
echo emptied
read -r what
grep MemTotal /proc/meminfo
exit 0
'

has_taken() { says && [ "$(said memory)" = "$1" ]; }
holds_less() { [ "$(held)" -lt "$1" ]; }

# balloon [OPTIONS]: of its own, then asked
balloon() {
    printf '%s\n' "$script" >run.sh
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M --balloon \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --control ./socket "$@"
    await '^ready'
    vmm=$(vhart list | awk 'NR > 1 { print $2; exit }')
    say_to 'fill
'
    await '^filled'
    full=$(held)
    say_to 'empty
'
    await '^emptied'
    until_true holds_less $((full - 60000))
    says
    [ "$(said returned)" -gt 60000000 ] || die "too little was returned: $(cat said)"
    expect_eq "what the guest has" "$(said memory)" 268435456
    grep -q 'available: [0-9]' said || die "its driver says nothing: $(cat said)"
    says 160M
    until_true has_taken 167772160
    says 256M
    until_true has_taken 268435456
    say_to 'end
'
    hang_up
    expect_status 0
    expect_no_err 'guest error'
}

without_one() {
    talk vhart run --kernel /guests/hello.elf --memory 16M --paused --control ./socket
    until_true vhart ctl ./socket status >said 2>&1
    ! vhart ctl ./socket balloon >said 2>&1 || die "there is one: $(cat said)"
    grep -q 'this VM has none: vhart run --balloon' said || die "says: $(cat said)"
    vhart ctl ./socket resume >said
    hang_up
    expect_status 0
}

t "free memory goes back to the host, by itself and when asked" balloon
t "the same of memory that other processes share" balloon --share .
t "a VM without a balloon says so" without_one
