# shellcheck shell=bash
# The root for building: Debian 13 with compilers for amd64 and riscv64 and the libraries for both.

# Other people's parsers, for what the trace room exports; the Go package has profile.proto.
export_readers="libxml2-utils protobuf-compiler python3-protobuf golang-github-google-pprof-dev python3-prometheus-client"
# For the Debian packages; and the shells whose completions are tried, beside bash.
packagers="debhelper dpkg-dev lintian zsh fish"
build_tools="gcc gcc-riscv64-linux-gnu libc6-dev libc6-dev:riscv64 clang clang-format clang-tidy lld llvm libclang-rt-dev
    cppcheck shellcheck meson ninja-build pkgconf bpftool device-tree-compiler mandoc python3-minimal git cpio xz-utils zstd gzip file lua5.4 $export_readers
    $packagers pkgconf:riscv64"
# On a riscv64 machine the same, without the cross compiler.
build_tools_here="gcc libc6-dev clang clang-format clang-tidy lld cppcheck shellcheck meson ninja-build pkgconf bpftool
    device-tree-compiler mandoc git cpio xz-utils zstd binutils $export_readers $packagers"
build_libraries="libfdt-dev liburing-dev libslirp-dev libbpf-dev libelf-dev zlib1g-dev libzstd-dev liblzma-dev
    libjson-c-dev libcmocka-dev liblua5.4-dev libseccomp-dev libcap-dev linux-libc-dev"

make_build_root() {
    local include library mirror proxies=$cache/apt/proxies
    mkdir -p "$cache/apt"
    include=$build_tools
    for library in $build_libraries; do include="$include $library $library:riscv64"; done
    include=$(echo "$include" | tr -s ' \n' ',,')
    mirror=$(debian_mirror) || return
    apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Retries|ForceIPv|socks)' >"$proxies" || true
    rmdir "$1"
    as_root mmdebstrap --mode=root --variant=apt --architectures=amd64,riscv64 \
        --include="$include" \
        --aptopt="$proxies" --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        trixie "$1" "deb [signed-by=$debian_keyring] $mirror trixie main"
}
