# shellcheck shell=bash disable=SC2054
# Boots the lab host in QEMU and runs one command on it.

# Words for the host's /bin/sh, whatever is in them.
quote() {
    local word
    for word; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

# boot_host KERNEL CMD...: with the settings of ./lab in variables; returns CMD's status.
boot_host() {
    local kernel=$1 run qemu terminal=no stderr_port=no saved='' size status reason machine cpu
    shift
    run=$(mktemp -d "${TMPDIR:-/tmp}/vhart-lab.XXXXXX")
    mkdir "$run/lab" "$run/scratch"
    # shellcheck disable=SC2064
    trap "rm -rf '$run'" EXIT
    { : <&0; } 2>/dev/null || exec </dev/null # closed altogether
    if [ -t 0 ] && [ -t 1 ]; then terminal=yes; fi
    if [ $terminal = no ] || [ ! -t 2 ]; then stderr_port=yes; fi

    { printf 'exec '; quote "$@"; echo; } >"$run/lab/cmd"
    size=$(stty size 2>/dev/null || true)
    case $size in '' | '0 0') size='24 80' ;; esac
    cat >"$run/lab/settings" <<EOF
LAB_TTY=$terminal
LAB_ROWS=${size% *}
LAB_COLS=${size#* }
LAB_CWD=/scratch
export LAB_QEMU=$(cat "$cache/roots/qemu/version")
export TERM=$(quote "${TERM:-dumb}")
EOF
    if [ -n "${scratch:-}" ]; then mkdir -p "$scratch"; else scratch=$run/scratch; fi

    qemu_command "$cache/roots/qemu"
    machine=virt,aia=none
    [ "$aia" = none ] || machine=virt,aia=$aia,aia-guests=3
    cpu=rv64,h=true,sscofpmf=true,sstc=true
    # A CPU has the smaller ones of its largest too. For an access that misses QEMU's TLB it reads the host's and the guest's
    # tables at each level of the other: 15 entries with Sv39, 35 with Sv57.
    case $mmu in
        sv39) cpu+=,sv39=on,sv48=off,sv57=off ;;
        sv48) cpu+=,sv48=on,sv57=off ;;
    esac
    qemu+=(-nodefaults -no-user-config -display none -no-reboot
        -M "$machine" -cpu "$cpu" -smp "$smp" -m "$memory"
        -kernel "$cache/kernels/$kernel/Image" -initrd "$cache/hosts/$kernel/initrd"
        -append "console=ttyS0 loglevel=5 oops=panic panic=-1 nokaslr $append"
        -serial "file:$run/console" -monitor none
        -device virtio-serial-pci,max_ports=8)
    [ "$icount" = no ] || qemu+=(-icount shift=0)
    share() {
        qemu+=(-fsdev "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap$3" -device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
    }
    share lab "$run/lab" ,readonly=on
    share src "$repo" ,readonly=on
    share guests "$cache/guests" ,readonly=on
    share runtime "$cache/roots/runtime" ,readonly=on
    share gdb "$cache/roots/gdb" ,readonly=on
    share scratch "$scratch" ''
    port() {
        qemu+=(-chardev "socket,id=$1,fd=@${1^^}@" -device "virtserialport,chardev=$1,name=$1")
    }
    # hvc0 is the first port of the bus.
    if [ $terminal = yes ]; then
        qemu+=(-chardev stdio,id=tty,signal=off -device virtconsole,chardev=tty)
        saved=$(stty -g)
        # shellcheck disable=SC2064
        trap "stty '$saved'; rm -rf '$run'" EXIT
    else
        port stdin
        port stdout
    fi
    [ $stderr_port = no ] || port stderr
    port control

    set -- --status "$run/status" --log "$run/qemu" --timeout "$timeout"
    [ $terminal = no ] || set -- "$@" --tty
    [ $stderr_port = no ] || set -- "$@" --stderr
    trap : INT TERM HUP # supervise.pl gets these too, and ends QEMU
    "$lab_dir/supervise.pl" "$@" -- "${qemu[@]}" <&0 &
    supervisor=$!
    trap 'kill -TERM $supervisor 2>/dev/null' TERM HUP
    while kill -0 $supervisor 2>/dev/null; do wait $supervisor || true; done
    [ -z "$saved" ] || stty "$saved"

    reason=$(cat "$run/status" 2>/dev/null || echo 'supervisor died')
    case $reason in
        exit\ *) status=${reason#exit } ;;
        timeout)
            say "lab: no end after $timeout s (--timeout), so the host was stopped. Its console:"
            console_tail "$run/console"
            status=124
            ;;
        "signal PIPE") status=141 ;;
        "signal INT") status=130 ;;
        signal\ *) status=143 ;;
        *)
            if grep -q 'Kernel panic' "$run/console" 2>/dev/null; then
                say "lab: the host's kernel panicked. Its console:"
            elif [ "$reason" = 'no boot' ]; then
                say "lab: the host did not come up. Its console:"
            else
                say "lab: the host ended before CMD did (QEMU ${reason/#died/ended with}). What QEMU said, and the host's console:"
                sed 's/^/    /' "$run/qemu" >&2
            fi
            console_tail "$run/console"
            status=125
            ;;
    esac
    [ -z "${console_file:-}" ] || cp "$run/console" "$console_file"
    return "$status"
}

# The firmware's banner is of no interest once the kernel has spoken.
console_tail() {
    local kernel
    kernel=$(tr -d '\r' <"$1" | grep -av '^ *$' | awk '/^\[ *[0-9]+\./ { seen = 1 } seen' | tail -n 45)
    [ -n "$kernel" ] || kernel="(the kernel said nothing)"
    printf '%s\n' "$kernel" | sed 's/^/    /' >&2
}
