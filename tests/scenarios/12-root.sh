# shellcheck shell=dash disable=SC2016
# vhart run --root DIR -- CMD: a folder of the host is the guest's root, and nothing in it changes.
# lab: hosts=any

boot="vhart run --kernel /guests/$linux/Image"

# in_root OPTIONS -- CMD ARGS...: with the input of this
in_root() {
    # shellcheck disable=SC2086
    set -- $boot "$@"
    last=$*
    timeout "$limit" "$@" >"$out" 2>"$err"
    status=$?
}

# This host's own root, with the working folder of this test, and the root's user.
own_root() {
    echo here >file
    in_root -- sh -c 'cat file; pwd; echo "$PWD $USER $HOME"; id -u; cat /proc/version; echo to err >&2
        echo new >file && rm -rf /lib/modules && echo new >/etc/passwd && cat file && [ ! -e /lib/modules ] || exit 9; exit 42' </dev/null
    expect_status 42
    expect_eq "its output" "$(grep -v '^Linux version' "$out")" "here
$T
$T root $HOME
0
new"
    expect_out '^Linux version [0-9]'
    expect_eq "its standard error" "$(cat "$err")" "to err"
    expect_eq "the file here" "$(cat file)" here
    grep -q '^root:' /etc/passwd || die 'the root has changed'
    [ -e /lib/modules ] || die 'the root has lost a folder'
}
t "a command in this host's own root: output, status, working folder, and nothing of it changes" own_root

bytes_in_and_out() {
    dd if=/dev/urandom of=random bs=1M count=6 2>/dev/null
    in_root --root / --cpus 2 --transport mmio -- cat <random
    expect_status 0
    expect_eq "the hash" "$(sha256sum <"$out")" "$(sha256sum <random)"
}
t "6 MiB of random bytes pass through cat in a root, by virtio-mmio" bytes_in_and_out

# A small root in a folder, in which this test's working folder is not.
small_root() {
    mkdir -p root/bin root/only
    cp /usr/bin/busybox root/bin/
    find root | sort >before
    in_root --root root -- sh -c 'pwd; ls -d /only; echo >/only/new; ls /only' </dev/null
    expect_status 0
    expect_eq "its output" "$(cat "$out")" "/
/only
new"
    find root | sort >after
    expect_eq "the folder" "$(cat after)" "$(cat before)"
    in_root --root root -- nosuch </dev/null
    expect_status 127
    expect_err '^vhart: nosuch was not found in the guest$'
}
t "a command in a root in a folder, of which nothing changes, and one that is not there" small_root

# CMD is who calls vhart. A group of the caller's may use KVM, as distributions have it.
as_a_user() {
    adduser -D -H -u 1234 someone 2>/dev/null || { echo 'someone:x:1234:1234::/home/someone:/bin/sh' >>/etc/passwd && echo 'someone:x:1234:' >>/etc/group; }
    mkdir -p /home/someone && chown 1234:1234 /home/someone
    chmod 666 /dev/kvm
    echo secret >secret && chmod 600 secret
    chmod 755 "$T"
    cat >run.sh <<RUN
cd /home/someone && exec $boot -- sh -c 'id -u; id -g; pwd; echo "\$USER \$HOME"; cat "$T/secret" || echo kept >/dev/stdout; echo mine >mine && cat mine'
RUN
    chmod 755 run.sh
    last='su someone'
    HOME=/home/someone timeout "$limit" su someone -s /bin/sh "$T/run.sh" </dev/null >"$out" 2>"$err"
    status=$?
    expect_status 0
    expect_eq "its output" "$(cat "$out")" "1234
1234
/home/someone
someone /home/someone
kept
mine"
    [ ! -e /home/someone/mine ] || die 'the folder of the user has changed'
}
t "a user's command is this user in the guest, and may what the user may" as_a_user

bad_input() {
    in_root --root nowhere -- true </dev/null
    expect_status 125
    expect_err '^vhart: --root nowhere: No such file or directory$'
    : >file
    in_root --root file -- true </dev/null
    expect_err '^vhart: --root file: this is not a folder$'
    in_root --root / --initrd file -- true </dev/null
    expect_err '^vhart: --root and --initrd exclude each other'
    in_root --root / </dev/null
    expect_err '^vhart: --root is where CMD runs: add -- CMD'
    in_root -- /etc/passwd </dev/null
    expect_status 126
    expect_err '^vhart: /etc/passwd cannot be run in the guest: Permission denied$'
    # Debian's kernels have the overlay as a module, which is not beside this one.
    cp -L "/guests/$linux/Image" Image
    boot="vhart run --kernel Image"
    mkdir root
    in_root --root root -- true </dev/null
    expect_status 123
    expect_err '^vhart: console: .*vhart-init: --root: this kernel has no overlay file system: .* INSTALL_MOD_PATH='
    expect_err '^vhart: the machine ended before true did, which had not started$'
    mount -t tmpfs tmpfs /usr/libexec
    in_root -- true </dev/null
    umount /usr/libexec
    expect_status 125
    expect_err '^vhart: --root .*: there is no virtiofsd on this host.* install the package virtiofsd$'
}
t "no such folder, no virtiofsd, a kernel without an overlay, and a command that cannot be run" bad_input

files_out() {
    in_root --extract /tmp/bytes:bytes --extract /etc/passwd:passwd --extract /proc/version:version -- \
        sh -c 'dd if=/dev/urandom of=/tmp/bytes bs=1M count=8 2>/dev/null; sha256sum </tmp/bytes' </dev/null
    expect_status 0
    expect_eq "the hash" "$(sha256sum <bytes)" "$(cat "$out")"
    expect_eq "a file of this host's own" "$(sha256sum <passwd)" "$(sha256sum </etc/passwd)"
    grep -q '^Linux version' version || die 'a file without a length is not there'
    echo before >kept
    in_root --extract /nowhere:kept --extract /tmp/there:there -- sh -c 'echo yes >/tmp/there' </dev/null
    expect_status 122
    expect_err '^vhart: --extract /nowhere:kept: in the guest: No such file or directory$'
    expect_eq "the file that was there" "$(cat kept)" before
    expect_eq "the other one" "$(cat there)" yes
    in_root --extract /nowhere:kept -- sh -c 'exit 7' </dev/null
    expect_status 7
    in_root --extract /tmp/a:nowhere/a -- true </dev/null
    expect_status 125
    expect_err '^vhart: --extract /tmp/a:nowhere/a: nowhere/a.*: No such file or directory$'
    expect_eq "what is left of others" "$(echo ./*.part)" './*.part'
}
t "files of the guest come out whole, or not at all and with a line and a status" files_out
