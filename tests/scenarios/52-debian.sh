# shellcheck shell=dash
# A Debian with systemd: from a file system, and from an image with a GPT, an EFI partition and GRUB, by U-Boot and by EDK2. It is
# told to power off by its power key.
# lab: hosts=7.2 memory=6G alone

debian=/guests/debian
# Firmware, a boot loader and systemd, and all of it emulated.
limit=900

# is_up N: for the Nth time.
is_up() {
    until_true has_lines "$1" 'debian login:'
    say_to 'root
'
    # Of its motd: once a login, while there are more prompts than logins.
    until_true has_lines "$1" 'ABSOLUTELY NO WARRANTY'
}

log_in() { is_up 1; }

asked_to_power_off() {
    kill "$pid"
    await 'is asked to power off' "$err"
    hang_up
    expect_status 0
    expect_out 'reboot: Power down'
}

from_a_file_system() {
    cp $debian/root.img root.img
    talk vhart run --kernel $debian/kernel --initrd $debian/initrd --append 'root=LABEL=root' --disk root.img \
        --memory 512M --net user --rng "$@"
    log_in
    say_to 'systemctl is-system-running --wait
'
    await '^running'
    asked_to_power_off
}

# Twice from inside, and then by the key.
from_an_image() {
    cp $debian/cloud.img cloud.img
    talk vhart run --firmware "$1" --disk cloud.img --memory 512M --cpus 2 --net user --rng
    is_up 1
    say_to 'ls -d /sys/firmware/efi
'
    await '^/sys/firmware/efi'
    say_to 'reboot
'
    is_up 2
    say_to 'reboot
'
    is_up 3
    asked_to_power_off
}

by_edk2() {
    cp /guests/edk2/RISCV_VIRT_VARS.fd vars
    from_an_image /guests/edk2/RISCV_VIRT_CODE.fd,vars=vars
}

# What the guest had fsynced is there after kill -9, and the file system is clean when its journal was replayed.
killed() {
    cp $debian/root.img root.img
    boot="vhart run --kernel $debian/kernel --initrd $debian/initrd --append root=LABEL=root --disk root.img --memory 512M"
    # shellcheck disable=SC2086
    talk $boot
    log_in
    say_to 'echo kept >file && sync file && cp -r /usr/share/zoneinfo . & sleep 1; echo fsynced-$((40+2))
'
    await 'fsynced-42'
    kill -KILL "$pid"
    hang_up
    # shellcheck disable=SC2086
    talk $boot
    log_in
    say_to 'cat file; dmesg | grep -c "EXT4-fs error"
'
    await '^kept'
    await '^0'
    asked_to_power_off
}

if [ -e $debian/cloud.img ]; then
    t "from a file system, by --kernel: systemd runs, and powers off by its key" from_a_file_system
    t "the same over MMIO" from_a_file_system --transport mmio
    t "from an image with GPT and GRUB, by U-Boot: two reboots, and the key" from_an_image /guests/u-boot/u-boot.bin
    t "the same by EDK2" by_edk2
    t "kill -9: what was fsynced is there" killed
else
    skip "a Debian with systemd" "there is none: tests/lab/setup disks makes it"
fi
