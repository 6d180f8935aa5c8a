# shellcheck shell=dash
# What scenarios with gdb share: Debian's, which a host played by QEMU has in a folder to mount.
#
#   gdb_found             whether there is one
#   gdb_does FILE <<END   run: gdb does these commands, with the symbols of FILE ("": none)
#   gdb_begins FILE <<END the same in the background: $gdb is its process, its output in the file gdb.out

gdb_found() {
    if [ -n "${LAB_QEMU:-}" ]; then
        mkdir -p /opt/gdb
        [ -e /opt/gdb/usr ] || mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose gdb /opt/gdb || return
        PATH=$PATH:/opt/gdb/usr/bin
        gdb_libraries=/opt/gdb/usr/lib/riscv64-linux-gnu
    fi
    command -v gdb >/dev/null
}

# The lab's has none of Python's files, and says so on standard error.
gdb_words() {
    gdb_options="-nx -q -batch -iex set\\ confirm\\ off -iex set\\ width\\ 0"
    export HOME="$T"
    if [ -n "${gdb_libraries:-}" ]; then
        printf '#!/bin/sh\nexport GCONV_PATH=%s/gconv LD_LIBRARY_PATH=%s\n' "$gdb_libraries" "$gdb_libraries"
    else
        echo '#!/bin/sh'
    fi >gdb.sh
    echo "exec gdb $gdb_options \"\$@\"" >>gdb.sh
}

gdb_does() {
    cat >commands
    gdb_words
    # shellcheck disable=SC2086
    run sh gdb.sh -x commands $1
}

gdb_begins() {
    cat >commands.begun
    gdb_words
    # Its own process is the one to send signals to.
    # shellcheck disable=SC2086
    sh gdb.sh -x commands.begun $1 >gdb.out 2>&1 </dev/null &
    gdb=$!
}
