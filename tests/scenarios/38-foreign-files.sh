# shellcheck shell=dash disable=SC2154
# Root watches a VM of another user, whose command line says what it likes: what it names is looked at as that user would.
# lab: hosts=any

# The words behind -append are one word of QEMU's; of one that begins with --kernel= the rest is taken for a file.
words=' rounds=100000000 calls=1'

# foreign KERNEL: a VM of nobody's whose command line names the file KERNEL$words as what it boots; $vm
foreign() {
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    chmod 666 /dev/kvm
    chmod 777 "$T"
    rm -f console
    start-stop-daemon -S -c nobody -d "$T" -a "$(command -v qemu-system-riscv64)" -- -name guest=foreign -machine virt -accel kvm \
        -cpu host -smp 1 -m 64 -nodefaults -display none -serial "file:$T/console" -monitor none -kernel "$T/work.elf" \
        -append "--kernel=$1$words" </dev/null >vm.out 2>&1 &
    vm=$!
    pid=$vm
    await begin console
}

# names NAME WHY: root's stat says why it takes no names from there, and counts all the same
names() {
    cp /guests/work.elf work.elf
    chmod 644 work.elf
    foreign "$1"
    run vhart stat -p $vm --once --by pc
    ends $vm
    expect_status 0
    expect_err "^vhart: $1$words: $2: no names"
    expect_one_line
    expect_out '^total '
}

device() {
    ln -s /dev/watchdog "watchdog$words"
    [ -c /dev/watchdog ] || mknod /dev/watchdog c 10 130
    names watchdog 'is no regular file'
}
fifo() {
    mkfifo -m 666 "trap$words"
    names trap 'is no regular file'
}
another_users_file() {
    cp /guests/linux/Image "secret$words"
    chmod 600 "secret$words"
    names secret 'Permission denied'
}
large_file() {
    truncate -s 3G "large$words"
    chmod 644 "large$words"
    names large 'has more than 256 MiB'
}
no_kernel() {
    for _ in 1 2 3 4 5 6; do echo 'root:x:0:0:root:'; done >"text$words"
    chmod 644 "text$words"
    names text 'is no kernel'
}

# Its names are still found where all is well.
names_of_anothers_vm() {
    cp /guests/work.elf work.elf
    chmod 644 work.elf
    cp work.elf "copy$words"
    chmod 644 "copy$words"
    foreign "$T/copy"
    run vhart stat -p $vm --once --by pc
    expect_status 0
    expect_out '0x[0-9a-f]+ [a-z_]+\+0x'
    # Relative to where it is, not to where root is.
    ends $vm
    foreign copy
    cd /
    run vhart stat -p $vm --once --by pc
    ends $vm
    expect_out '0x[0-9a-f]+ [a-z_]+\+0x'
}

t "a device" device
t "a fifo" fifo
t "a file of root's" another_users_file
t "a file of 3 GiB" large_file
t "a text" no_kernel
t "a kernel" names_of_anothers_vm
