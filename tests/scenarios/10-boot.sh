# shellcheck shell=dash disable=SC2016
# What boots: every kind of kernel file, on few and many vCPUs, in little and much memory, with any standard input and output.
# lab: hosts=any

# le NUMBER BYTES: little-endian.
le() {
    rest=$1 left=$2
    while [ "$left" -gt 0 ]; do
        # shellcheck disable=SC2059
        printf "\\$(printf %03o $((rest & 255)))"
        rest=$((rest >> 8)) left=$((left - 1))
    done
}

kernels=$(mktemp -d /tmp/kernels.XXXXXX)
gzip -1 -c /guests/linux/Image >"$kernels/Image.gz"

# The header of Linux's zboot-header.S, and the packed Image behind it.
make_zboot() {
    size=$(stat -c %s "$kernels/Image.gz")
    {
        printf 'MZ\0\0zimg'
        le 64 4
        le "$size" 4
        le 0 8
        printf 'gzip'
        le 0 28
        le 0 8
        cat "$kernels/Image.gz"
    } >"$kernels/zboot"
}

# One segment, where the Image would be loaded: 2 MiB into RAM.
make_elf() {
    size=$(stat -c %s /guests/linux/Image)
    memory=$(od -A n -t u8 -j 16 -N 8 /guests/linux/Image | tr -d ' ')
    start=$((0x80200000))
    {
        printf '\177ELF\002\001\001'
        le 0 9
        le 2 2 && le 243 2 && le 1 4       # executable, RISC-V, version 1
        le $start 8 && le 64 8 && le 0 8   # entry, program headers, section headers
        le 5 4 && le 64 2 && le 56 2       # flags: RVC and double floats
        le 1 2 && le 64 2 && le 0 2 && le 0 2
        le 1 4 && le 7 4 && le 120 8       # PT_LOAD, rwx, offset
        le $start 8 && le $start 8 && le "$size" 8 && le "$memory" 8 && le 4096 8
        cat /guests/linux/Image
    } >"$kernels/elf"
}

# boots NAME RELEASE: a Linux guest of that release, on one vCPU
boots() { as_script "$1" "case \$(uname -r) in $2*) [ \$(nproc) = 1 ] ;; *) false ;; esac"; }

# The beginning of a guest's script: it has more KiB than what follows.
has_kib='kib=$(awk "/^MemTotal/ { print \$2 }" /proc/meminfo); [ $kib -gt'

firmware_prompt() {
    talk vhart run --firmware /guests/u-boot/u-boot.bin --memory 64M
    await 'Hit any key to stop|=>'
    say_to 'x'
    say_to "
"
    await '=> '
    say_to 'echo "one"two
'
    await 'onetwo'
    say_to 'bdinfo
'
    await 'size *= 0x0*4000000'
    say_to 'poweroff
'
    hang_up
    expect_status 0
}

piped_shell() {
    echo 'echo hello-$((6*7)); exit' | timeout "$limit" vhart run --kernel /guests/linux/Image \
        --initrd /guests/linux/initrd-small --memory 128M --append quiet >"$out" 2>"$err"
    status=$? last="a shell fed by a pipe"
    expect_status 0
    expect_out 'hello-42'
    expect_no_err .
}

to_null() {
    vhart run --kernel /guests/hello.elf --memory 16M </dev/null >/dev/null 2>"$err"
    status=$? last="output to /dev/null"
    expect_status 0
    expect_no_err .
}

says_more() {
    expect_status 0 vhart run --kernel /guests/hello.elf --memory 16M --verbose
    expect_err .
}

closed_pipe() {
    { vhart run --kernel /guests/linux/Image --memory 128M </dev/null 2>"$err"; echo $? >status; } | :
    status=$(cat status) last="output to a closed pipe"
    expect_status 125
    expect_one_line
    expect_err 'standard output: '
}

make_zboot
make_elf
boots "Debian's 6.12 Image" 6.12
linux='linux-7.2'
boots "Debian's 7.x Image" 7.
linux=linux
for file in Image.gz zboot elf; do
    kernel=$kernels/$file
    boots "Linux as $file" 6.12
done
kernel=
as_script "8 vCPUs, 8 GiB on a host with less" "$has_kib $((7 * 1024 * 1024)) ] && [ \$(nproc) = 8 ]" '--cpus 8 --memory 8G'
# Debian's kernels want 32 MiB in one piece for their memory map (sparse_init), beside 30 MiB of themselves:
# they panic below 96 MiB, with any VMM. U-Boot and bare-metal guests show that 64 MiB are a machine.
as_script "Linux in 96 MiB" "$has_kib 0 ] && [ \$kib -lt 98304 ]" '--memory 96M'
# The words that are no console for the kernel: one of another name, and one that is for init.
line='netconsole=@/eth9,@10.0.2.2/ quiet panic=-1 -- console=ttyS7'
as_script "a console is put in front of a command line that only seems to have one" \
    "case \$(cat /proc/cmdline) in 'console=ttyS0 $line'*) ;; *) false ;; esac" "--append '$line'"
echo noted >"$kernels/note"
as_script "injected files: executable stays executable, folders are made" \
    '[ $0 = /run.sh ] && [ -x /run.sh ] && [ $(cat /data/deep/er/note) = noted ] && [ ! -x /data/deep/er/note ]' \
    "--inject $kernels/note:/data/deep/er/note"
guests_pass
rm -rf "$kernels"
t "U-Boot as firmware, in 64 MiB: gives its prompt, and powers off" firmware_prompt
t "a shell fed by a pipe" piped_shell
t "output to /dev/null" to_null
t "--verbose says more" says_more
t "output to a pipe that is closed ends the VM with one line" closed_pipe
