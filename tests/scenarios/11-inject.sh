# shellcheck shell=dash
# Files put into an initrd: what is there stays as it is, in whatever form the initrd comes; what Linux would not see is refused.
# lab: hosts=any

samples=/src/tests/fuzz/corpus/fuzz_initrd/small.cpio

# initrd_of SUFFIX...: the Linux guest's initrd, and behind it one more archive for each SUFFIX, in its compression.
initrd_of() {
    cat /guests/$linux/initrd-small >initrd
    for suffix; do
        { head -c 4 /dev/zero; cat "$samples$suffix"; } >>initrd
    done
}

inject() {
    run vhart run --kernel /guests/$linux/Image --initrd initrd --memory 128M --append 'quiet panic=-1' "$@"
}

cat >/tmp/inject.run <<'RUN'
#!/bin/sh
mytool
echo "bin: $(readlink /bin) opt: $(readlink /opt) new: $(cat /opt/new/note) /usr/share/new/note"
echo "over: $(cat /merged/file) mode: $(stat -c %a /merged) deep: $(cat /nowhere/at/all/note)"
RUN
printf '#!/bin/sh\necho "mytool is $0"\n' >/tmp/inject.tool
chmod 755 /tmp/inject.run /tmp/inject.tool
echo noted >/tmp/inject.note

# In a usr-merged initrd /bin is a link; in the samples, merged has mode 700 and opt and dangling are links.
folders_stay() {
    initrd_of "$@"
    inject --inject /tmp/inject.run:/run.sh --inject /tmp/inject.tool:/bin/mytool --inject /tmp/inject.note:/opt/new/note \
        --inject /tmp/inject.note:/merged/file --inject /tmp/inject.note:/dangling/note
    expect_status 0
    expect_out '^mytool is /(usr/)?bin/mytool'
    expect_out '^bin: usr/bin opt: usr/share new: noted'
    expect_out '^over: noted mode: 700 deep: noted'
}

only_seen_by_linux() {
    initrd_of .bz2 .lzo
    inject --inject /tmp/inject.run:/run.sh
    expect_status 0
    expect_out '^bin: usr/bin opt: usr/share'
    for suffix in .bz2 .lzo; do
        initrd_of $suffix
        inject --inject /tmp/inject.tool:/bin/mytool
        expect_status 125
        expect_one_line
        expect_err '--inject /tmp/inject.tool:/bin/mytool: its folder cannot be looked for: --initrd initrd is (bzip2|lzo)-compressed'
    done
}

# refused PATTERN GUESTPATH
refused() {
    pattern=$1
    inject --inject "/tmp/inject.note:$2"
    expect_status 125
    expect_one_line
    expect_err "$pattern"
}

lost_is_refused() {
    initrd_of ''
    refused '/merged is a folder' /merged
    refused '/merged/file/x is below what is a file' /merged/file/x
    initrd_of .gz
    truncate -s $(($(stat -c %s initrd) - 20)) initrd
    refused '--initrd initrd has truncated gzip data: Linux reads no further' /x
    { cat /guests/$linux/initrd-small; echo 'what is this'; } >initrd
    refused '--initrd initrd is no initramfs from byte [0-9]+ on' /x
}

# With an init of its own and in any initrd: nothing of the lab's initrd runs but busybox.
script_as_first_process() {
    cat >job.sh <<'JOB'
#!/bin/busybox sh
busybox mount -t devtmpfs dev /dev
busybox uname -m
(exit 7)
busybox devmem 0x100004 32 $?
busybox poweroff -f
JOB
    chmod 755 job.sh
    run vhart run --kernel /guests/$linux/Image --initrd /guests/$linux/initrd-small --memory 128M \
        --append "rdinit=/job.sh quiet" --inject job.sh:/job.sh
    expect_status 7
    expect_out '^riscv64'
}

for linux in linux linux-7.2; do
    t "$linux: folders and links of a plain initrd stay" folders_stay ''
    t "$linux: the same behind gzip, zstd, xz and lzma" folders_stay .gz .zst .xz .lzma
    t "$linux: the same behind lz4, whose end Linux must be told" folders_stay .lz4
    t "$linux: bzip2 and lzo, which only Linux looks into" only_seen_by_linux
done
linux=linux
t "a script of a board's user is the first process" script_as_first_process
t "what Linux would lose is refused" lost_is_refused
rm -f /tmp/inject.run /tmp/inject.tool /tmp/inject.note
