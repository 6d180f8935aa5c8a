# shellcheck shell=bash
# Debian 13's riscv64 gdb, for the scenarios about --gdb. Without Python's modules, Perl and their like, which it can do
# without: it says at its start that it has no Python.

make_gdb() {
    apt_area trixie riscv64 trixie
    unpack_closure trixie "$1" gdb
    rm -rf "${1:?}"/usr/lib/python3* "${1:?}"/usr/lib/riscv64-linux-gnu/perl* "${1:?}"/usr/share "${1:?}"/var "${1:?}"/etc
    find "$1"/usr/lib/riscv64-linux-gnu/gconv -name '*.so' ! -name UTF-32.so -delete
    find "$1/usr/bin" "$1/usr/sbin" ! -type d ! -name gdb -delete
}
