# shellcheck shell=bash
# Builds for riscv64 into build/riscv64. Says nothing when there is nothing to do.

build_folder=$repo/build/riscv64

# For editors (clangd): the commands of the build, at the top. They run outside of the build root, so the compiler is any clang
# and the headers are the root's.
write_compile_commands() {
    local from=$build_folder/compile_commands.json to=$repo/compile_commands.json
    [ "$from" -nt "$to" ] || return 0
    if need_roots; then
        sed "s,riscv64-linux-gnu-gcc,clang --target=riscv64-linux-gnu --sysroot=$build_root,; s, -I/, -I$build_root/,g" "$from" >"$to.new"
        mv "$to.new" "$to"
    else
        ln -sf "${from#"$repo"/}" "$to"
    fi
}

build_riscv64() {
    local log=$repo/build/riscv64.log start=$SECONDS setup_options=()
    if [ ! -e "$repo/meson.build" ]; then
        say "lab: nothing to build yet: there is no meson.build"
        return
    fi
    mkdir -p "$repo/build"
    exec 6>"$repo/build/.lock"
    flock 6
    # The root's compiler is one for all; another one may warn of more.
    need_roots && setup_options=(--werror --cross-file "$lab_dir/riscv64.cross")
    : >"$log"
    if {
        [ -e "$build_folder/build.ninja" ] ||
            "$lab_dir/in-root" meson setup "${setup_options[@]}" "$build_folder" "$repo"
    } >>"$log" 2>&1 6>&- && "$lab_dir/in-root" ninja -C "$build_folder" >>"$log" 2>&1 6>&-; then
        write_compile_commands
        grep -q 'no work to do' "$log" || say "built in $((SECONDS - start)) s"
    else
        say "lab: the build failed (all of it is in build/riscv64.log):"
        { grep -aE '(error|ERROR):' "$log" || tail -n 25 "$log"; } | head -n 25 >&2
        exec 6>&-
        return 1
    fi
    exec 6>&-
}
