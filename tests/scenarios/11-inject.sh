# shellcheck shell=dash disable=SC2016
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

# In a usr-merged initrd /bin is a link; in the samples, merged has mode 700 and opt and dangling are links.
files=$(mktemp -d /tmp/inject.XXXXXX)
printf '#!/bin/sh\necho "mytool is $0"\n' >"$files/tool"
chmod 755 "$files/tool"
echo noted >"$files/note"
links='[ "$(readlink /bin) $(readlink /opt)" = "usr/bin usr/share" ]'
all_there="set -e
case \$(mytool) in 'mytool is /usr/bin/mytool' | 'mytool is /bin/mytool') ;; *) exit 1 ;; esac
$links"'
[ "$(cat /opt/new/note /usr/share/new/note | tr "\n" " ")" = "noted noted " ]
[ "$(cat /merged/file) $(stat -c %a /merged)" = "noted 700" ]
[ "$(cat /nowhere/at/all/note)" = noted ]'

# initrd_with NAME SUFFIX...: $initrd, a file of that name
initrd_with() {
    initrd=$files/$linux.$1
    shift
    (cd "$files" && initrd_of "$@" && mv initrd "$initrd")
}

# folders_stay NAME SUFFIX...
folders_stay() {
    name=$1
    shift
    number=$((number + 1))
    initrd_with $number "$@"
    as_script "$name, $linux" "$all_there" "--inject $files/tool:/bin/mytool --inject $files/note:/opt/new/note \
--inject $files/note:/merged/file --inject $files/note:/dangling/note"
}

not_looked_into() {
    for suffix in .bz2 .lzo; do
        initrd_of $suffix
        inject --inject "$files/tool:/bin/mytool"
        expect_status 125
        expect_one_line
        expect_err "--inject $files/tool:/bin/mytool: its folder cannot be looked for: --initrd initrd is (bzip2|lzo)-compressed"
    done
}

# refused PATTERN GUESTPATH
refused() {
    pattern=$1
    inject --inject "$files/note:$2"
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

number=0
for linux in linux linux-7.2; do
    folders_stay "folders and links of a plain initrd stay" ''
    folders_stay "the same behind gzip, zstd, xz and lzma" .gz .zst .xz .lzma
    folders_stay "the same behind lz4, whose end Linux must be told" .lz4
    initrd_with only .bz2 .lzo
    as_script "bzip2 and lzo, which only Linux looks into, $linux" "$links"
done
linux=linux initrd=
guests_pass
t "bzip2 and lzo: no folder of them can be injected into" not_looked_into
t "a script of a board's user is the first process" script_as_first_process
t "what Linux would lose is refused" lost_is_refused
rm -rf "$files"
