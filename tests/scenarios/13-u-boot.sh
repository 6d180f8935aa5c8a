# shellcheck shell=dash
# U-Boot boots a disk as distributions make them: by itself, with nothing moved by hand.
# lab: hosts=any

# le NUMBER: four bytes, little-endian.
le() {
    # shellcheck disable=SC2059
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

# Two boots and a copy of tens of megabytes, on a machine that may be busy.
limit=300
sectors=262144 start=2048

# A disk with a partition that is marked as bootable.
partition_disk() {
    {
        head -c 446 /dev/zero
        printf '\200\0\0\0\203\0\0\0'
        le $start
        le $((sectors - start))
        head -c 48 /dev/zero
        printf '\125\252'
    } >disk
    truncate -s $((sectors * 512)) disk
}

# What an installer leaves: a kernel, an initrd, and what the boot loader reads. A guest makes the file system.
install_disk() {
    partition_disk
    cp /guests/linux/initrd-small initrd
    kernel_size=$(stat -c %s /guests/linux/Image)
    initrd_size=$(stat -c %s initrd)
    cp /guests/linux/Image kernel
    truncate -s $(((kernel_size + 511) / 512 * 512)) kernel
    cat >install <<INSTALL
#!/bin/sh
set -e
modprobe ext4
mke2fs /dev/vda1 >/dev/null
mkdir -p /mnt
mount -t ext4 /dev/vda1 /mnt
mkdir -p /mnt/boot/extlinux
head -c $kernel_size /dev/vdb >/mnt/boot/vmlinux
head -c $initrd_size /dev/vdc >/mnt/boot/initrd
{
    echo 'default debian'
    echo 'timeout 1'
    echo 'label debian'
    echo '  linux /boot/vmlinux'
    echo '  initrd /boot/initrd'
    echo '  append console=ttyS0 panic=-1 from=extlinux'
} >/mnt/boot/extlinux/extlinux.conf
umount /mnt
echo installed
INSTALL
    run vhart run --kernel /guests/linux/Image --initrd /guests/linux/initrd --memory 512M --append 'quiet panic=-1' \
        --inject install:/run.sh --disk disk --disk kernel,ro --disk initrd,ro
    expect_status 0
    expect_out '^installed'
}

distribution_disk() {
    install_disk
    talk vhart run --firmware /guests/u-boot/u-boot.bin --memory 512M --cpus 2 --disk disk --on-reboot exit --net user --rng
    await 'Retrieving file: /boot/initrd'
    await 'Kernel command line: .*from=extlinux'
    await 'Brought up 1 node, 2 CPUs'
    await 'guest:~#'
    say_to 'exit
'
    hang_up
    expect_status 0
    # Linux moves the BARs that U-Boot left decoding, one on top of another for a moment.
    expect_no_err 'not mapped'
}

# Resets at once, by SBI SRST (li a7, 0x53525354; li a6, 0; li a0, 1; li a1, 0; ecall).
silent_resets() {
    for instruction in 0x535258b7 0x35488893 0x00000813 0x00100513 0x00000593 0x00000073 0x0000006f; do
        le $((instruction))
    done >reset
    talk vhart run --firmware reset --memory 16M
    await 'has reset 3 times within seconds' "$err"
    kill "$pid"
    hang_up
    expect_eq "the lines about it" "$(grep -c 'has reset' "$err")" 1
    run vhart run --firmware reset --memory 16M --on-reboot exit
    expect_no_err 'has reset'
}

t "U-Boot boots an installed disk by its extlinux.conf" distribution_disk
t "a guest that resets again and again in silence is worth a line" silent_resets
