# shellcheck shell=bash
# For the steps in tests/check.d: each prints 'ok - …', 'not ok - …' or 'skip - …' lines, reasons as '# …' lines below.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$repo"
in_root=$lab_dir/in-root
checks=build/check
mkdir -p $checks

# try NAME CMD...: a test that passes if CMD returns 0, with the end of what it said if not.
try() {
    local name=$1 log
    shift
    log=$checks/log.$BASHPID
    if "$@" >"$log" 2>&1; then
        echo "ok - $name"
        rm -f "$log"
    else
        # In one piece: others may be running. A compiler's errors say why; a test's last words otherwise.
        printf '%s\n' "not ok - $name" "$({
            grep -aE '(^|[^a-z])(error|ERROR|warning):|undefined (reference|symbol)' "$log" || tail -n 25 "$log"
        } | head -n 25 | sed 's/^/# /')"
        rm -f "$log"
        return 1
    fi
}

# Tracked files only: what lies about in a working copy is not ours to judge. The root sees the repository alone, which for
# a worktree of git's is not enough: the machine's own git is asked first.
tracked() {
    git -c safe.directory='*' ls-files -- "$@" 2>/dev/null || "$in_root" git -c safe.directory='*' ls-files -- "$@"
}

configure() {
    local folder=$1
    shift
    [ -e "$folder/build.ninja" ] || "$in_root" env CC="${CC:-}" meson setup --werror "$@" "$folder"
}

build() { configure "$@" && "$in_root" ninja -C "$1"; }

# The build with sanitizers, which several steps use: all of it, or targets. With -O1: the checks of each access take three
# times as long to compile with -O2, and the tests are no faster.
sanitized=$checks/sanitized
build_sanitized() {
    CC=gcc configure $sanitized -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false && "$in_root" ninja -C $sanitized "$@"
}
