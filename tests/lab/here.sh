# shellcheck shell=bash
# This machine is the riscv64 KVM host: CMD runs on it, and finds the same places as on a host played by QEMU.

here_is_the_host() {
    local status=0
    [ -e /dev/kvm ] || fail "there is no /dev/kvm: load the module (modprobe kvm), on a CPU with the H extension"
    { [ -r /dev/kvm ] && [ -w /dev/kvm ]; } || fail "no permission on /dev/kvm: run this as root, or join its group (usermod -aG kvm $(id -un))"
    mkdir -p "$cache/roots/mnt"
    set -- "$lab_dir/here-init" "$cache/roots/mnt" "$repo" "$cache/guests" "${scratch:-}" "$@"
    if [ "$(id -u)" = 0 ]; then
        set -- unshare --mount --propagation private -- "$@"
    else
        set -- unshare --user --map-root-user --mount --propagation private -- "$@"
    fi
    [ "$timeout" = 0 ] || set -- timeout --foreground "$timeout" "$@"
    "$@" || status=$?
    return $status
}
