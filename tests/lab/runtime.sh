# shellcheck shell=bash
# Debian 13's riscv64 programs and libraries: what the lab host and the Linux guest are made of. Their recipes name the packages.

# shellcheck disable=SC2154
recipes="$lab_dir/base.recipe $lab_dir/host.recipe $repo/guest-images/linux/small.recipe $repo/guest-images/linux/guest.recipe"

# shellcheck disable=SC2086
runtime_packages() { sed -n 's/^package  *//p' $recipes | sort -u | tr '\n' ' '; }

make_runtime() {
    apt_area trixie riscv64 trixie
    # shellcheck disable=SC2046
    unpack_closure trixie "$1" $(runtime_packages)
    # Python's and Perl's own modules and the character set tables are most of it, and nothing here uses them.
    rm -rf "$1"/usr/lib/python3* "$1"/usr/share/perl* "$1"/usr/lib/riscv64-linux-gnu/perl* "$1"/usr/share/zoneinfo \
        "$1"/usr/lib/riscv64-linux-gnu/gconv "$1"/usr/bin/qemu-system-riscv32 "$1"/usr/share/qemu "${1:?}"/var
}
