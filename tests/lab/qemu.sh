# shellcheck shell=bash
# The QEMU that plays the riscv64 host: Debian 12's backports. Newer ones never raise LCOFI, so no sampling could be
# tested on them; the one of Debian 12 itself hangs with 7.x kernels. It runs from a folder of its own, with its own libraries.

qemu_wanted=10.0.2

make_qemu() {
    apt_area qemu amd64 bookworm bookworm-backports
    unpack_closure qemu "$1" -t bookworm-backports qemu-system-riscv opensbi
    local qemu
    qemu_command "$1"
    set -o pipefail
    "${qemu[@]}" --version | sed -n 's/.*version \([0-9.]*\).*/\1/p' >"$1/version"
}

# Started by its own ld.so (lib64 has a link into this machine's), which alone is given the library path.
qemu_command() {
    qemu=("$1/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
        "$1/usr/bin/qemu-system-riscv64" -L "$1/usr/share/qemu")
    export QEMU_MODULE_DIR=$1/usr/lib/x86_64-linux-gnu/qemu
}

warn_qemu() {
    local have
    have=$(cat "$cache/roots/qemu/version")
    [ "$have" = $qemu_wanted ] || say "
  ******** QEMU is $have, not $qemu_wanted: its hosts may never raise LCOFI, so sampling (perf record, PMU overflow)
  ******** cannot be tested here. Counting works.
"
}
