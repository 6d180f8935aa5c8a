# shellcheck shell=dash
# The guest's devicetree: changed by overlays, and the user's own.
# lab: hosts=any

overlay=$(dirname "$(command -v vhart)")/tests/scenarios/overlay.dtbo
small="--kernel /guests/hello.elf --memory 16M"

# Over a reboot too: each life has its own devicetree.
an_overlay() {
    cat >run.sh <<'SCRIPT'
tr "\0" "\n" </proc/device-tree/marker
echo "clocks: $(ls /sys/class/rtc)."
read -r what
[ "$what" = again ] && reboot -f
exit 0
SCRIPT
    talk vhart run --kernel "/guests/$linux/Image" --initrd "/guests/$linux/initrd-small" --memory 256M \
        --append 'console=ttyS0 quiet panic=-1' --inject run.sh:/run.sh --dt-overlay "$overlay"
    await '^clocks'
    say_to 'again
'
    until_true has_lines 2 '^clocks'
    say_to 'end
'
    hang_up
    expect_status 0
    has_lines 2 '^an overlay was here' || die "not in each life: $last"
    expect_out '^clocks: \.'
    guest 'ls /proc/device-tree; echo "clocks: $(ls /sys/class/rtc)."'
    expect_status 0
    expect_no_out '^marker'
    expect_out '^clocks: rtc0\.'
}

# What --dump-fdt writes is what --dtb takes.
own_tree() {
    run vhart run --kernel /guests/hello.elf --memory 256M --cpus 2 --dump-fdt first --dt-overlay "$overlay"
    expect_status 0
    guest 'tr "\0" "\n" </proc/device-tree/marker; nproc; cat /proc/cmdline' --dtb first --cpus 2
    expect_status 0
    expect_out '^an overlay was here'
    expect_out '^2'
    expect_out '^console=ttyS0 quiet panic=-1'
}

# refused WORDS OPTIONS...
refused() {
    words=$1
    shift
    # shellcheck disable=SC2086
    run vhart run $small "$@"
    expect_status 125
    expect_one_line
    expect_err "$words"
}

no_trees() {
    echo 'no devicetree' >text
    refused '^vhart: --dtb text is no compiled devicetree: dtc ' --dtb text
    refused '^vhart: --dt-overlay text is no compiled devicetree: dtc ' --dt-overlay text
    refused '^vhart: --dtb nowhere: ' --dtb nowhere
    # shellcheck disable=SC2086
    run vhart run $small --dump-fdt tree
    refused '^vhart: --dt-overlay tree is too big: it has [0-9]+ KiB, and no more than 64 are taken$' --dt-overlay tree
    head -c 1000 tree >short
    refused '^vhart: --dtb short is cut short' --dtb short
    : >empty
    refused '^vhart: --dtb empty is empty' --dtb empty
}

t "--dt-overlay: the guest's devicetree is changed, in each of its lives" an_overlay
t "--dtb: the guest has this devicetree, with this boot's words" own_tree
t "what is no devicetree is a line" no_trees
