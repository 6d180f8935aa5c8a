# shellcheck shell=dash
# Options from a file, and the file that says the same.
# lab: hosts=any

boots_from_a_file() {
    mkdir vm
    cp /guests/hello.elf vm/guest.elf
    printf '# a VM\nkernel guest.elf\nmemory 64M\nname from-a-file\nresult result.json\n' >vm/vm.conf
    expect_status 0 vhart run --config vm/vm.conf
    expect_out '^hello'
    # Its paths are seen from its folder.
    grep -q '"name": *"from-a-file"' vm/result.json || die "not that name: $(cat vm/result.json)"
    # What is printed does the same from anywhere, and the command line wins.
    expect_status 0 vhart run --config vm/vm.conf --name other --print-config
    expect_out "^kernel=$T/vm/guest.elf\$"
    expect_no_out '^hello'
    cp "$out" /tmp/printed.conf
    rm vm/result.json
    cd /
    expect_status 0 vhart run --config /tmp/printed.conf
    expect_out '^hello'
    grep -q '"name": *"other"' "$T/vm/result.json" || die "not that name: $(cat "$T/vm/result.json")"
    rm /tmp/printed.conf
}

runs_a_command() {
    printf 'kernel /guests/linux/Image\ninitrd /guests/linux/initrd-small\n--\necho\na  b\n' >vm.conf
    expect_status 0 vhart run --config vm.conf
    expect_out '^a  b$'
}

# What the file says is on its command line in the end, where others look for it.
is_listed() {
    printf 'kernel /guests/spin.elf\nmemory 32M\nname by-file\ncontrol socket\n' >spin.conf
    talk vhart run --config spin.conf --memory 48M
    # Its vCPU is there, not only its socket.
    await '^spinning'
    vhart list >listed
    grep -qE "^by-file +[0-9]+ +1 +48M .*/socket$" listed || die "no such line: $(cat listed)"
    vhart ctl by-file status >answer || die 'it is not found by its name'
    expect_eq 'its process' "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "vhart run --kernel /guests/spin.elf --memory 48M --name by-file --control socket "
    kill "$pid"
    hang_up
    expect_status 143
}

# Executed anew, it is called as any other.
has_no_name() {
    printf 'kernel /guests/spin.elf\ncontrol socket\n' >spin.conf
    talk vhart run --config spin.conf
    # Its vCPU is there, not only its socket.
    await '^spinning'
    vhart list >listed
    grep -qE "^vhart-$pid +$pid +1 +512M .*/socket$" listed || die "no such line: $(cat listed)"
    expect_eq "the process's name" "$(cat "/proc/$pid/comm")" vhart
    vhart ctl "vhart-$pid" status >answer || die 'it is not found by its name'
    kill "$pid"
    hang_up
    expect_status 143
}

t "a VM boots from a configuration file, and from what --print-config makes of it" boots_from_a_file
t "a configuration file has the words of a command" runs_a_command
t "a VM of a configuration file is found by what the file says" is_listed
t "a VM of a configuration file without a name has the usual one" has_no_name
