# shellcheck shell=dash
# What vhart refuses: one line on standard error that names the thing, status 125, nothing left behind.
# lab: hosts=any

image=/guests/linux/Image
files=$(mktemp -d /tmp/files.XXXXXX)
cd "$files" || exit 1
: >empty
printf 'what is this' >text
truncate -s 32M zeroes
head -c 1000000 $image >short
head -c 30 $image >shorter
gzip -1 -c short >packed.gz
head -c 5000 packed.gz >torn.gz
{ head -c 6000 packed.gz; head -c 3000 /dev/zero; tail -c +9001 packed.gz; } >damaged.gz
{ printf 'MZ\0\0zimg'; head -c 20 /dev/zero; } >torn.zboot
truncate -s 64M big
# The same ELF for another machine: e_machine is at 18.
{ head -c 18 /guests/hello.elf; printf '\076\0'; tail -c +21 /guests/hello.elf; } >x86.elf
head -c 200 /guests/hello.elf >torn.elf
truncate -s 1M disk
truncate -s 100 tiny-disk
truncate -s 1000000 odd-disk

# refused STATUS PATTERN OPTIONS
refused() {
    cd "$files" || exit 1
    wanted_status=$1 pattern=$2
    shift 2
    run vhart run "$@"
    expect_status "$wanted_status"
    expect_one_line
    expect_err "$pattern"
    [ ! -s "$out" ] || die "something on standard output: $last"
}

# no NAME STATUS PATTERN OPTIONS: a test that vhart refuses these.
no() {
    name_of_case=$1
    shift
    t "$name_of_case" refused "$@"
}

no "no options" 125 'nothing to boot'
no "an unknown option" 125 'unknown option --memroy: did you mean --memory' --memroy 1G
no "an operand" 125 '^vhart: Image: ' Image
no "an option twice" 125 '--cpus is given twice' --cpus 1 --cpus 2 --kernel $image
no "a forgotten value" 125 '--kernel: its value is missing' --kernel
no "firmware and kernel" 125 '--firmware and --kernel' --firmware zeroes --kernel $image
no "firmware and initrd" 125 '--initrd needs --kernel' --firmware zeroes --initrd zeroes
no "--cpus 0" 125 '--cpus 0: ' --kernel $image --cpus 0
no "--cpus beyond KVM's limit" 125 '--cpus 100000: ' --kernel $image --cpus 100000
no "--memory 12" 125 '--memory 12: ' --kernel $image --memory 12
no "--memory 1M" 125 '--memory 1M: ' --kernel $image --memory 1M
no "--console loud" 125 '--console loud: ' --kernel $image --console loud
no "--append longer than Linux reads" 125 '--append: the command line has 1038 bytes .*reads 1023' --kernel $image \
    --append "$(printf '%01024d' 0)"
no "--inject without a path" 125 '--inject text: ' --kernel $image --inject text
no "--inject with .." 125 '--inject text:/a/../b: ' --kernel $image --inject text:/a/../b
printf 'kernel %s\n\nmemroy 1G\n' $image >vm.conf
no "a mistake in a file of --config" 125 '^vhart: vm.conf:3: unknown option --memroy: did you mean --memory' --config vm.conf
no "a file of --config that is missing" 125 '^vhart: --config missing: No such file' --config missing
no "--inject of a missing file" 125 '--inject missing: No such file' --kernel $image --inject missing:/x

for role in kernel firmware; do
    no "a $role that is missing" 125 "--$role missing: No such file" --$role missing
    no "a $role that is empty" 125 "--$role empty is empty" --$role empty
    no "a $role that is a directory" 125 "--$role /tmp is a directory" --$role /tmp
    no "a $role for x86-64" 125 "--$role x86.elf is an ELF file for x86-64" --$role x86.elf
    no "a $role that is too big" 125 "--$role big .*--memory" --$role big --memory 32M
done
no "a kernel that is text" 125 '--kernel text is not a kernel' --kernel text
no "a kernel that is zeroes" 125 '--kernel zeroes is not a kernel' --kernel zeroes
no "a truncated Image" 125 '--kernel short is .*truncated' --kernel short
no "an Image without its header" 125 '--kernel shorter is ' --kernel shorter
no "a truncated gzip file" 125 '--kernel torn.gz has truncated' --kernel torn.gz
no "a damaged gzip file" 125 '--kernel damaged.gz (has damaged|is )' --kernel damaged.gz
no "a truncated zboot image" 125 '--kernel torn.zboot is a truncated' --kernel torn.zboot
no "a truncated ELF file" 125 '--kernel torn.elf is a truncated' --kernel torn.elf
no "an initrd that is missing" 125 '--initrd missing: No such file' --kernel $image --initrd missing
no "an initrd that is empty" 125 '--initrd empty is empty' --kernel $image --initrd empty
no "memory too small for the kernel" 125 "--kernel $image needs [0-9]+ MiB of memory, --memory has 32 MiB" --kernel $image --memory 32M
no "memory too small for the initrd" 125 'initrd of 64 MiB, needs' --kernel $image --initrd big --memory 64M

no "a disk that is missing" 125 'disk missing: No such file' --kernel $image --disk missing
no "a disk that is a directory" 125 'disk /tmp: is a directory' --kernel $image --disk /tmp
no "a disk that is a terminal" 125 'disk /dev/null: is neither' --kernel $image --disk /dev/null
no "a disk without a sector" 125 'disk tiny-disk: has 100 bytes' --kernel $image --disk tiny-disk
no "a disk that is empty" 125 'disk empty: has 0 bytes' --kernel $image --disk empty
printf 'QFI\373' | cat - disk >qcow2
gzip -c disk >disk.gz
no "a disk that is qcow2" 125 'disk qcow2: is a qcow2 image: add ,format=raw to show the guest these bytes, .* else ,format=qcow2 to show it the disk in it$' --kernel $image --disk qcow2
no "a disk that is compressed, read-only" 125 'disk disk.gz: is compressed with gzip, .*gzip -dc disk.gz' --kernel $image --disk disk.gz,ro
no "a disk twice" 125 'disk disk: is in use' --kernel $image --disk disk --disk disk
no "a disk twice, once to be shared" 125 'disk disk: is in use' --kernel $image --disk disk,share-rw=on --disk disk
no "a disk option that is none" 125 '--disk disk,rw: ' --kernel $image --disk disk,rw
no "an interface that does not exist" 125 'nosuchif' --kernel $image --net tap=nosuchif
no "a forward that is spelled wrong" 125 '--net user,hostfwd=tcp:22-:22: expected hostfwd=' --kernel $image --net user,hostfwd=tcp:22-:22
no "two network cards of one MAC" 125 'two network cards have one MAC' --kernel $image --net user --net user,mac=52:54:00:00:00:01 \
    --net user,mac=52:54:00:00:00:01
no "an MTU that is too small" 125 'expected an MTU from 1280' --kernel $image --net user,mtu=576
no "an FDT that cannot be written" 125 '--dump-fdt /nowhere/x: ' --kernel $image --dump-fdt /nowhere/x

no_result() {
    expect_status 125 vhart run --kernel /guests/hello.elf --memory 16M --result /nowhere/x
    expect_one_line
    expect_err '--result /nowhere/x: No such file'
}
t "a result that cannot be written" no_result

leaves_no_tap() {
    before=$(ls /sys/class/net)
    run vhart run --kernel $image --net tap=nosuchif
    expect_status 125
    expect_eq "the interfaces" "$(ls /sys/class/net)" "$before"
}
t "no tap interface stays behind" leaves_no_tap

as_script "a disk that is qcow2, shown as it is with ,format=raw" '[ "$(head -c 3 /dev/vda)" = QFI ]' "--disk $files/qcow2,format=raw,ro"
guests_pass

odd_disk() {
    cp "$files/odd-disk" odd
    guest 'echo "sectors $(cat /sys/block/vda/size)"' --disk odd
    expect_status 0
    expect_out '^sectors 1953'
    expect_err 'the last 64 bytes'
    expect_one_line
}
t "a disk of odd size: all its whole sectors, and a line about the rest" odd_disk

# As a user who is not root.
as_nobody() {
    grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>/etc/passwd
    run start-stop-daemon -S -c nobody -a "$(command -v vhart)" -- run --kernel /guests/hello.elf "$@"
}
read_only_disk() {
    cp "$files/disk" disk
    chmod 755 .
    chmod 444 disk
    chmod 666 /dev/kvm
    as_nobody --disk "$T/disk"
    expect_status 125
    expect_one_line
    expect_err 'disk .*/disk: cannot be written to .*: add ,ro'
    as_nobody --disk "$T/disk,ro"
    expect_status 0
}
no_permission() {
    chmod 600 /dev/kvm
    as_nobody
    expect_status 125
    expect_one_line
    expect_err '/dev/kvm: Permission denied: .*usermod'
}
no_kvm() {
    mv /dev/kvm /dev/kvm-away
    run vhart run --kernel /guests/hello.elf
    mv /dev/kvm-away /dev/kvm
    expect_status 125
    expect_one_line
    expect_err '/dev/kvm: No such file .*modprobe kvm'
}
not_kvm() {
    mv /dev/kvm /dev/kvm-away
    ln -s null /dev/kvm
    run vhart run --kernel /guests/hello.elf
    rm /dev/kvm
    mv /dev/kvm-away /dev/kvm
    expect_status 125
    expect_one_line
    expect_err '/dev/kvm: '
}
if [ -n "${LAB_QEMU:-}" ]; then
    t "a disk that may not be written to, unless with ,ro" read_only_disk
    t "no permission on /dev/kvm" no_permission
    t "no /dev/kvm" no_kvm
    t "a /dev/kvm that is not KVM" not_kvm
    chmod 660 /dev/kvm
else
    skip "what /dev/kvm and permissions refuse" "this machine's own /dev/kvm stays as it is"
fi

fdt() {
    run vhart run --kernel /guests/hello.elf --memory 16M --dump-fdt fdt "$@"
    expect_status 0
    expect_eq "the magic number" "$(od -A n -t x1 -N 4 fdt | tr -d ' ')" d00dfeed
    strings fdt >names
}
fdt_aia() {
    fdt
    for name in riscv,imsics riscv,aplic pci-host-ecam-generic ns16550a google,goldfish-rtc; do
        grep -q "$name" names || die "the FDT has no $name"
    done
}
fdt_plic() {
    fdt --aia off --transport mmio --rng --cpus 3
    for name in plic-1.0.0 virtio,mmio cpu@2; do
        grep -q "$name" names || die "the FDT has no $name"
    done
    ! grep -q imsic names || die "the FDT has an IMSIC"
}
# A program that is not Linux knows its words by their places.
fdt_words() {
    fdt --append 'foo bar'
    # A byte in front may be a letter by chance.
    grep -qx '.\{0,1\}foo bar' names || die "the FDT has other words: $(grep foo names)"
}
t "--dump-fdt: the words of a program that is not Linux" fdt_words
if dmesg | grep -q 'kvm .*AIA available'; then t "--dump-fdt: the AIA and PCI" fdt_aia; fi
t "--dump-fdt: the PLIC and MMIO" fdt_plic
cd / && rm -rf "$files"
