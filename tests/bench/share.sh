# shellcheck shell=dash disable=SC2154
# The part share of tests/bench/run, whose variables and functions it uses: a folder of the host's in the guest, and a command
# in it.
#
# What was expected before the first measurement (one CPU for guest, VMM, virtiofsd and the host's kernel; kvmtool's 9p is
# served by a thread of its own process):
#
#   untar     virtiofs at 0.7 of 9p: fewer messages a file (a lookup and a create are one, no clunks to wait for), but each
#             wakes another process, which makes the system calls of a user's namespace
#   a read    of 4 KiB, past the page cache: 1.2 of 9p, for the same wakeup
#   memory    virtiofsd takes 3 MiB beyond the VMM's
#   -- CMD    in the initrd 1.05 of launch to init, with --root / 1.5: virtiofsd starts first, and init comes over it
#
# It was 0.38, 1.32, 9.1 MiB (kvmtool's 3.0), 0.95 and 0.93. Why was not measured; likely, for what is better than expected:
# 9p says more for each file, and a kernel that gets no initrd has none to unpack.
share_files=2000
share_reads=2000

# What run's report shows of it.
share_rows() {
    printf '|untar|untar of %s files to a share, us|share-read|4 KiB read on a share, ns|share-memory|memory beyond RAM with a share, KiB' $share_files
    printf '|cmd-init|launch to init, us|cmd|launch to CMD in the initrd, us|cmd-root|launch to CMD with --root, us'
}

# Of 2 KiB each, 50 in a folder.
make_archive() {
    mkdir "$work/tree"
    i=0
    while [ $i -lt $share_files ]; do
        [ $((i % 50)) != 0 ] || mkdir "$work/tree/$((i / 50))"
        head -c 2048 /dev/urandom >"$work/tree/$((i / 50))/$i"
        i=$((i + 1))
    done
    tar -c -f "$work/in/files.tar" -C "$work/tree" .
    rm -r "$work/tree"
}

share_words() {
    case $1 in
        vhart) echo "--share $work/shared,tag=shared" ;;
        peer) echo "$peer_share" | sed "s|{share}|$work/shared|g" ;;
    esac
}

# The guest's clock tells hundredths of a second, and the whole takes seconds.
share_script() {
    cat <<'SCRIPT'
#!/bin/sh
for module in netfs 9pnet 9pnet_virtio 9p; do [ ! -e /$module.ko ] || insmod /$module.ko; done
mkdir -p /shared
mount -t virtiofs shared /shared 2>/dev/null || mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 shared /shared || exit 1
echo SHARE-IS-THERE
sleep 1
now() { sed 's/\.//; s/ .*//' /proc/uptime; }
cd /shared
began=$(now)
tar -x -f /files.tar
echo "untar $(( ($(now) - began) * 10000 ))"
SCRIPT
    echo "/diskload read /shared/data 4096 1 $share_reads"
}

share_figures() {
    tr -d '\r' <"$work/console" | awk -v who="$1" '
        $1 == "untar" && NF == 2 { print "untar", who, $2 }
        $1 == "diskload" && NF == 6 { print "share-read", who, int($6 / $5) }' >>"$results"
}

share() {
    make_archive
    # The guest's kernel is the host's.
    for module in netfs 9pnet 9pnet_virtio 9p; do
        find /usr/lib/modules /lib/modules -name "$module.ko" -exec cp {} "$work/in/" \; 2>/dev/null || true
    done
    share_script >"$work/in/run.sh"
    linux_initrd
    rm "$work/in"/*.ko "$work/in/files.tar" 2>/dev/null || true
    for who in ${runners#floor }; do
        mkdir "$work/shared"
        dd if=/dev/urandom of="$work/shared/data" bs=1M count=8 2>/dev/null
        net=$(share_words "$who")
        if [ -n "$net" ]; then
            say "share: $who"
            launch "$who" "$tools/Image" "$work/initrd" "console=ttyS0 quiet" --mark SHARE-IS-THERE --output "$work/console" || true
            share_figures "$who"
            put share-memory "$who" "$(figure beyond_ram_kb)"
            [ "$(find "$work/shared" -type f | wc -l)" = $((share_files + 1)) ] || say "run: $who: not all files are there"
        fi
        rm -r "$work/shared"
    done
    net=''
    to_command
}

# What a command costs over a launch to init.
to_command() {
    printf '#!/bin/sh\necho THIS-IS-IT\n' >"$work/in/run.sh"
    linux_initrd
    # Modules for an overlay are beside the Image.
    cp -r "$linux/usr" "$tools/"
    say "launch to a command"
    for way in cmd-init cmd cmd-root; do
        case $way in
            cmd-init) words="--initrd $work/initrd --append 'console=ttyS0 quiet'" ;;
            cmd) words="--initrd $work/initrd -- echo THIS-IS-IT" ;;
            cmd-root) words="--root / -- echo THIS-IS-IT" ;;
        esac
        "$tools/launch" --mark THIS-IS-IT sh -c "exec $tools/vhart run --memory 256M --kernel $tools/Image $words" \
            </dev/null >"$work/launch" 2>"$work/errors" || true
        [ "$(figure status)" = 0 ] || { say "run: $way: status $(figure status):"; tail -n 5 "$work/errors" >&2; continue; }
        put $way vhart "$(($(figure mark_ns) / 1000))"
    done
}
