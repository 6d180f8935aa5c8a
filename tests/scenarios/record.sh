# shellcheck shell=dash disable=SC2154
# For the scenarios of vhart record: a Linux guest that does what the file run.sh says, and its recording in the file r.

# A VM, $vm, once its console has a line that matches PATTERN: linux_runs PATTERN OPTIONS
linux_runs() {
    begun=$1
    shift
    vhart run --memory 256M --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" \
        --append 'console=ttyS0 quiet panic=-1' --inject "$T/run.sh:/run.sh" "$@" </dev/null >"$out" 2>"$err" &
    vm=$!
    pid=$vm
    await "$begun"
}

# The same of QEMU, with the FILES in its root: qemu_runs PATTERN FILES
qemu_runs() {
    begun=$1
    shift
    mkdir over
    cp run.sh "$@" over
    chmod 755 over/run.sh
    { cat "/guests/$linux/initrd-small"; (cd over && find . | cpio -o -H newc 2>/dev/null); } >initrd
    qemu-system-riscv64 -machine virt -accel kvm -cpu host -m 256 -nodefaults -display none -serial stdio \
        -kernel "/guests/$linux/Image" -initrd initrd -append 'console=ttyS0 quiet panic=-1' </dev/null >"$out" 2>"$err" &
    vm=$!
    pid=$vm
    await "$begun"
}

# record OPTIONS: of $vm
record() {
    vhart record -o r -p "$vm" "$@" >record.out 2>&1 || die "$(cat record.out)"
    echo "# $(cat record.out)"
}

first_rows() { [ ! -e rows ] || head -n 12 rows; }

# near WHAT GOT WANTED MARGIN
near() {
    echo "# $1: $2, $3 is right"
    [ -n "$2" ] || die "$1 is not known: $(first_rows)"
    if [ "$2" -lt $(($3 - $4)) ] || [ "$2" -gt $(($3 + $4)) ]; then die "$1 is $2, not within $4 of $3: $(first_rows)"; fi
}
