# shellcheck shell=bash
# Debian 13's riscv64 programs and libraries: what the lab host and the Linux guest are made of.

make_runtime() {
    apt_area trixie riscv64 trixie
    # QEMU is here as a VMM that is not ours.
    unpack_closure trixie "$1" busybox-static linux-perf bpftool strace libcap2-bin qemu-system-riscv libc6 libfdt1 liburing2 libslirp0 libbpf1 \
        libelf1t64 zlib1g libzstd1 liblzma5 libjson-c5 liblua5.4-0 libcmocka0 libseccomp2 libcap2
    # Python's and Perl's own modules and the character set tables are most of it, and nothing here uses them.
    rm -rf "$1"/usr/lib/python3* "$1"/usr/share/perl* "$1"/usr/lib/riscv64-linux-gnu/perl* "$1"/usr/share/zoneinfo \
        "$1"/usr/lib/riscv64-linux-gnu/gconv "$1"/usr/bin/qemu-system-riscv32 "$1"/usr/share/qemu "${1:?}"/var
}
