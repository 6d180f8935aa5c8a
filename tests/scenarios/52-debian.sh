# shellcheck shell=dash
# A Debian with systemd: from a file system, and from an image with a GPT, an EFI partition and GRUB, by U-Boot and by EDK2. It is
# told to power off by its power key.
# lab: hosts=7.2 smp=2 memory=6G alone disks

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
    # Which would stand in front of what commands print.
    say_to "bind 'set enable-bracketed-paste off'
"
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

# ar's members are aligned to 2 bytes.
member() {
    size=$(wc -c <"$1")
    printf '%-16s%-12d%-6d%-6d%-8s%-10d`\n' "$1" 0 0 0 100644 "$size"
    cat "$1"
    [ $((size % 2)) = 0 ] || echo
}

# A package, and a list of it: a repository.
makes_repository() {
    mkdir -p repository package/usr/share/kept control
    echo 'by apt' >package/usr/share/kept/file
    printf '%s\n' 'Package: kept' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <root@localhost>' 'Description: a file' >control/control
    tar -C control -czf control.tar.gz ./control
    tar -C package -czf data.tar.gz ./usr
    echo 2.0 >debian-binary
    { printf '!<arch>\n'; for part in debian-binary control.tar.gz data.tar.gz; do member $part; done; } >repository/kept_1_all.deb
    {
        cat control/control
        echo "Filename: ./kept_1_all.deb"
        echo "Size: $(wc -c <repository/kept_1_all.deb)"
        echo "SHA256: $(sha256sum <repository/kept_1_all.deb | cut -d' ' -f1)"
    } >repository/Packages
}

# From the host by ssh, and apt over the network.
logs_in_by_ssh() {
    cp $debian/root.img root.img
    makes_repository
    httpd -f -p 127.0.0.1:8080 -h repository &
    web=$!
    talk vhart run --kernel $debian/kernel --initrd $debian/initrd --append 'root=LABEL=root' --disk root.img \
        --memory 512M --net user,hostfwd=tcp:127.0.0.1:2222-:22
    log_in
    by_ssh() { ssh -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 "$@" 2>>ssh.err; }
    expect_eq "its name" "$(by_ssh hostname)" debian
    expect_eq "what it reads" "$(seq 10000 | by_ssh sha256sum)" "$(seq 10000 | sha256sum)"
    ! by_ssh exit 42 || die "no status"
    by_ssh 'echo "deb [trusted=yes] http://10.0.2.2:8080 ./" >/etc/apt/sources.list && apt-get update && apt-get install -y kept' >apt.out ||
        die "$(tail -n 5 apt.out ssh.err)"
    expect_eq "what came" "$(by_ssh cat /usr/share/kept/file)" 'by apt'
    ends $web
    asked_to_power_off
}

# From inside, and then by the key.
from_an_image() {
    cp $debian/cloud.img cloud.img
    talk vhart run --firmware "$1" --disk cloud.img --memory 512M --cpus 2 --net user --rng
    is_up 1
    say_to 'ls -d /sys/firmware/efi
'
    await '^/sys/firmware/efi'
    for life in $(seq "${REBOOTS:-2}"); do
        say_to 'reboot
'
        is_up $((life + 1))
    done
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
    e2fsck -fn root.img >fsck.out 2>&1 || die "$(cat fsck.out)"
}

t "from a file system, by --kernel: systemd runs, and powers off by its key" from_a_file_system
t "the same over MMIO" from_a_file_system --transport mmio
t "ssh from the host, and apt over the network" logs_in_by_ssh
t "from an image with GPT and GRUB, by U-Boot: two reboots, and the key" from_an_image /guests/u-boot/u-boot.bin
t "the same by EDK2" by_edk2
t "kill -9: what was fsynced is there" killed
