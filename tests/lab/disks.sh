# shellcheck shell=bash
# Debian systems on disks, for the guests of scenarios that want one. They take minutes to make, so only 'setup disks' does.
#
#   guests/debian/root.img    an ext4 file system, without a partition table, and beside it its kernel and initrd
#   guests/debian/cloud.img   a GPT with an EFI partition, in which GRUB is, and the same file system
#
# What is in them is a recipe, a text of lines as in make-initrd's:
#
#   package NAME...        with all that they need
#   line PATH TEXT         one more line of the text file PATH, which is there before a package is configured
#   run COMMAND            by the system's own shell, when all are
#
# Debian's programs for riscv64 configure it. Where this machine is none, QEMU's user mode runs them, and nothing but this set-up
# sees that: binfmt_misc is mounted in a user namespace (Linux 6.7 and later).

debian_recipe=$repo/guest-images/debian/system.recipe
root_mib=768 efi_mib=64

make_emulator() {
    apt_area build amd64 trixie
    mkdir "$1/x"
    unpack_packages build "$1/x" qemu-user
    mv "$1/x/usr/bin/qemu-riscv64" "$1/"
    rm -rf "$1/x"
}

# follow_disk_recipe FOLDER: its files into FOLDER; packages and hooks for mmdebstrap in $packages and $hooks.
follow_disk_recipe() {
    local word rest path text
    packages='' hooks=()
    while read -r word rest; do
        case $word in
            '' | '#'*) ;;
            package) packages="$packages ${rest// /,}" ;;
            line)
                read -r path text <<<"$rest"
                mkdir -p "$(dirname "$1/$path")"
                printf '%s\n' "$text" >>"$1/$path"
                ;;
            run) hooks+=("--customize-hook=chroot \"\$1\" sh -c '$rest'") ;;
            *) echo "$debian_recipe: no recipe has the word '$word'"; return 1 ;;
        esac
    done <"$debian_recipe"
}

# in_namespace CMD...: as root of a user namespace in which all users are who they are, and programs for riscv64 run.
in_namespace() {
    local go=$cache/locks/namespace.$$ map pid status=0
    mkfifo "$go"
    # shellcheck disable=SC2016
    unshare --user --mount --pid --fork --propagation private bash -c '
        read -r <"$0"
        mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
        printf "%s" ":qemu-riscv64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$1:OCF" \
            >/proc/sys/fs/binfmt_misc/register
        exec "${@:2}"' "$go" "$cache/roots/emulator/qemu-riscv64" "$@" &
    pid=$!
    # Nothing else says that it has its namespace.
    while [ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.05; done
    for map in uid_map gid_map; do echo 0 0 65536 >"/proc/$pid/$map"; done
    echo go >"$go"
    rm "$go"
    wait $pid || status=$?
    return $status
}

# Without a namespace where this machine is a riscv64 one.
as_its_root() { if need_roots; then in_namespace "$@"; else as_root "$@"; fi; }

make_debian() {
    local packages hooks mirror proxies=$cache/apt/proxies
    [ "$(id -u)" = 0 ] || fail "a disk with a Debian is made as root: its files belong to several users"
    mkdir -p "$cache/apt" "$1/files"
    follow_disk_recipe "$1/files"
    mirror=$(debian_mirror)
    apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv|socks)' >"$proxies" || true
    tar -C "$1/files" --owner=0 --group=0 -cf "$1/files.tar" .
    as_its_root mmdebstrap --mode=root --skip=check/qemu --variant=minbase --architectures=riscv64 \
        --include="$(echo "$packages" | tr -s ' ' ',' | sed 's/^,//')" \
        --aptopt="$proxies" --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --essential-hook="tar-in $1/files.tar /" "${hooks[@]}" \
        trixie "$1/system.tar" "deb [signed-by=$debian_keyring] $mirror trixie main"
    (cd "$1" && "$lab_dir/in-root" "$lab_dir/make-disks" system.tar $root_mib $efi_mib)
    rm -rf "$1/files" "$1/files.tar" "$1/system.tar"
}
