# shellcheck shell=bash
# Debian's riscv64 kernels, for the lab host and for the Linux guest: 6.12 from Debian 13, 7.x from testing.
# A kernel's folder has Image, config, version and modules/ (usr/lib/modules of the package).

# shellcheck disable=SC2034
kernel_names="6.12 7.2"

kernel_suite() {
    case $1 in
        6.12) echo trixie ;;
        *) echo testing ;;
    esac
}

make_kernel() {
    local suite package part
    suite=$(kernel_suite "$kernel_name")
    apt_area "$suite" riscv64 "$suite"
    package=$(depends_of "$suite" linux-image-riscv64 'linux-image-.*')
    [ -n "$package" ] || { echo "no linux-image-riscv64 in $suite"; return 1; }
    # Newer packaging splits the image from its modules.
    set -- "$1" "$package"
    for part in linux-binary linux-modules linux-base; do
        part=$(depends_of "$suite" "$package" "$part-.*")
        [ -z "$part" ] || set -- "$@" "$part"
    done
    local to=$1
    shift
    mkdir "$to/x"
    unpack_packages "$suite" "$to/x" "$@"
    local version modules=$to/x/usr/lib/modules
    [ -d "$modules" ] || modules=$to/x/lib/modules
    version=$(basename "$modules"/*)
    mv "$modules/$version" "$to/modules"
    local image
    for image in "$to/modules/vmlinuz" "$to/x/boot/vmlinux-$version" "$to/x/boot/vmlinuz-$version"; do
        if [ -f "$image" ]; then mv "$image" "$to/Image"; fi
    done
    for image in "$to/modules/config" "$to/x/boot/config-$version"; do
        if [ -f "$image" ]; then mv "$image" "$to/config"; fi
    done
    rm -rf "$to/x" "$to/modules/build"
    echo "$version" >"$to/version"
    # "RSC\x05" at 0x38 marks a riscv Image.
    [ "$(dd if="$to/Image" bs=1 skip=56 count=3 2>/dev/null)" = RSC ] || { echo "$to/Image is no riscv Image"; return 1; }
}

make_u_boot() {
    apt_area trixie riscv64 trixie
    mkdir "$1/x"
    unpack_packages trixie "$1/x" u-boot-qemu
    mv "$1"/x/usr/lib/u-boot/qemu-riscv64_smode/* "$1/"
    rm -rf "$1/x"
    [ ! -e "$1/uboot.elf" ] || mv "$1/uboot.elf" "$1/u-boot.elf"
}

# RISCV_VIRT_CODE.fd, and RISCV_VIRT_VARS.fd, which is to be copied.
make_edk2() {
    apt_area trixie riscv64 trixie
    mkdir "$1/x"
    unpack_packages trixie "$1/x" qemu-efi-riscv64
    mv "$1"/x/usr/share/qemu-efi-riscv64/*.fd "$1/"
    rm -rf "$1/x"
}
