# shellcheck shell=bash
# What every lab script needs: where things are, how to speak, how to become root, how to make a piece of the cache.

lab_dir=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(CDPATH='' cd -- "$lab_dir/../.." && pwd -P)
cache=${VHART_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vhart}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
build_root=$cache/roots/build

say() { printf '%s\n' "$*" >&2; }

# The lab's own failures leave with 125, as timeout(1) and env(1) do, so that they are not taken for CMD's status.
fail() {
    printf 'lab: %s\n' "$*" >&2
    exit 125
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "root is needed to run '$1' and there is no sudo: run this as root, or install sudo"
    fi
}

# The one place that decides between a riscv64 host played by QEMU and this machine itself.
need_roots() { [ "$(uname -m)" != riscv64 ]; }

is_current() { [ "$(cat "$cache/$1/.recipe" 2>/dev/null)" = "$2" ]; }

# make_piece NAME HASH FUNCTION: FUNCTION fills the empty folder given to it; the folder becomes $cache/NAME only when
# it is complete, so that an interrupted run leaves nothing that looks finished.
make_piece() (
    name=$1 hash=$2 recipe=$3
    target=$cache/$name
    mkdir -p "$(dirname "$target")"
    log=$cache/logs/${name//\//-}.log
    start=$SECONDS
    [ ! -e "$target.new" ] || remove_tree "$target.new"
    mkdir "$target.new"
    # In a subshell of its own: under ||, set -e would be off inside the recipe.
    set +e
    (set -e; "$recipe" "$target.new") >"$log" 2>&1
    status=$?
    set -e
    if [ $status != 0 ]; then
        say "  ${name}: failed after $((SECONDS - start)) s; the end of $log:"
        sed 's/^/    /' "$log" | tail -n 15 >&2
        exit 1
    fi
    if [ -w "$target.new" ]; then
        echo "$hash" >"$target.new/.recipe"
    else
        echo "$hash" | as_root tee "$target.new/.recipe" >/dev/null
    fi
    if [ -e "$target" ]; then mv "$target" "$target.old.$$"; fi
    mv "$target.new" "$target"
    remove_replaced "$target"
    say "  ${name}: made in $((SECONDS - start)) s"
)

# Whoever works in a piece holds its use lock shared; while somebody does, what was replaced stays for a later run to remove.
remove_replaced() (
    exec 7>"$(use_lock "$1")"
    flock --nonblock 7 || return 0
    for replaced in "$1".old.*; do
        [ ! -e "$replaced" ] || remove_tree "$replaced"
    done
)

use_lock() { echo "$cache/locks/use-${1##*/}"; }

# One file system only: should something still be mounted in there, it must survive.
remove_tree() {
    if [ -O "$1" ] && rm -rf --one-file-system -- "$1" 2>/dev/null; then return; fi
    as_root rm -rf --one-file-system -- "$1"
}
