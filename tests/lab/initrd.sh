# shellcheck shell=bash
# The initramfs of the lab host and the two of the Linux guest, for one kernel each ($kernel_name).

make_host() { run_make_initrd tests/lab/host.recipe "$1/initrd"; }

make_linux_guest() {
    run_make_initrd guest-images/linux/guest.recipe "$1/initrd"
    run_make_initrd guest-images/linux/small.recipe "$1/initrd-small"
    run_make_initrd guest-images/linux/modules.recipe "$1/modules.cpio"
    (cd "$1" && "$lab_dir/in-root" cpio -i --quiet -d --no-absolute-filenames <modules.cpio)
    rm "$1/modules.cpio"
    ln "$cache/kernels/$kernel_name/Image" "$1/Image" || cp "$cache/kernels/$kernel_name/Image" "$1/Image"
}

run_make_initrd() {
    "$lab_dir/in-root" "$lab_dir/make-initrd" "$1" "$cache/kernels/$kernel_name" "$cache/roots/runtime" "$2"
}
