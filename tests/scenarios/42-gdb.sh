# shellcheck shell=dash
# gdb attached to a VM: harts as threads, breakpoints, steps, and a guest that goes on when it leaves, in whatever way.
# lab: hosts=7.2 smp=2 mmu=sv57
# lab: hosts=6.12

# shellcheck source=tests/scenarios/gdb.sh
. "$here/gdb.sh"

# starts OPTIONS: the VM, whose gdb socket and control socket are in the test's folder.
starts() {
    out=$T/vm.out err=$T/vm.err
    talk vhart run --gdb "$T/gdb" --control "$T/control" "$@"
    await 'gdb: target remote' "$err"
    out=$T/out err=$T/err
}

runs_again() {
    vhart ctl "$T/control" status >state || die "the VM does not answer"
    grep -q '^state: running$' state || die "it does not run: $(cat state)"
}

# No ebreak is left: the text is what the file has.
text_is_whole() {
    gdb_does /guests/crowd.elf <<END
target remote $T/gdb
compare-sections .text
detach
END
    expect_out '^Section .text, range .*: matched'
}

walks_through_a_crowd() {
    starts --kernel /guests/crowd.elf --memory 16M --cpus 3 --gdb-wait
    gdb_does /guests/crowd.elf <<END
target remote $T/gdb
info registers pc satp priv fcsr
break turn if hart == 1 && turns[0] > 0 && turns[2] > 0
continue
info threads
bt
stepi
stepi
echo stepped to
info registers pc
delete
set scheduler-locking on
thread 3
break *&count
continue
set \$others = turns[0] + turns[1]
set \$mine = turns[2]
continue
continue
print turns[0] + turns[1] == \$others && turns[2] > \$mine
print \$_thread
# Over the LR/SC sequence.
delete
set \$steps = 0
while \$steps < 12
stepi
set \$steps = \$steps + 1
end
print all_turns >= turns[2]
monitor status
monitor fly
detach
END
    expect_status 0
    expect_out '^priv +0x1'
    expect_out '^fcsr +0x'
    expect_out 'Thread 2 "hart 1" hit Breakpoint 1, turn \(hart='
    expect_out '^  1 +Thread 1 "hart 0" \((running|halted)\)'
    expect_out '^#1 .* in take_turns \(hart=1\)'
    expect_out '^stepped to *pc +0x[0-9a-f]+.*<turn\+[0-9]+>'
    expect_out 'Thread 3 "hart 2" hit Breakpoint 2, count '
    expect_eq "what was printed" "$(sed -n 's/^\$[0-9]* = //p' "$out" | tr '\n' ' ')" "1 3 1 "
    expect_err '^state: paused$'
    expect_err "there is no verb 'fly'"
    runs_again
    text_is_whole
    has_no_watchpoints
    has_one_gdb
    has_gdb_that_vanishes
    begins_anew
}

# gdb has no words for it, so the VM says it.
has_no_watchpoints() {
    gdb_does /guests/crowd.elf <<END
target remote $T/gdb
watch turns[0]
continue
END
    expect_err '^Could not insert hardware watchpoint'
    has_line 'gdb: KVM on RISC-V gives a VMM no watchpoints' vm.err || die "the VM did not say why: $(cat vm.err)"
    until_true runs_again
}

# While one is there another is told so; Ctrl-C stops the harts for the first, and they go on when it leaves.
has_one_gdb() {
    gdb_begins /guests/crowd.elf <<END
target remote $T/gdb
echo first is here\\n
continue
info threads
detach
END
    await 'first is here' gdb.out
    gdb_does '' <<END
target remote $T/gdb
END
    cat "$out" "$err" >second
    grep -q 'another gdb is attached to this VM' second || die "the second was not refused: $(cat second)"
    until_true runs_again
    kill -INT "$gdb"
    wait "$gdb"
    has_line 'received signal SIGINT' gdb.out || die "Ctrl-C did not stop it: $(cat gdb.out)"
    has_line '^  3 +Thread 3 "hart 2"' gdb.out || die "it did not go on after Ctrl-C: $(cat gdb.out)"
    runs_again
}

# It waits for two seconds at a time, and sends its first packet again each time.
comes_early() {
    out=$T/vm.out err=$T/vm.err
    talk vhart run --gdb "$T/gdb" --control "$T/control" --kernel /guests/crowd.elf --memory 16M --cpus 3
    until_true test -S "$T/gdb"
    kill -STOP "$pid"
    gdb_begins /guests/crowd.elf <<END
set debug remote 1
target remote $T/gdb
info threads
detach
END
    until_true has_lines 3 'Sending packet: .qSupported' gdb.out
    kill -CONT "$pid"
    wait "$gdb" || die "it was not served: $(cat gdb.out)"
    has_line '^  3 +Thread 3 "hart 2"' gdb.out || die "it saw no threads: $(cat gdb.out)"
    out=$T/out err=$T/err
    runs_again
    vhart ctl "$T/control" stop
    hang_up
}

has_gdb_that_vanishes() {
    gdb_begins /guests/crowd.elf <<END
target remote $T/gdb
break count if counter == 0
break turn if hart == 77
echo begins\\n
while 1
stepi
end
END
    await begins gdb.out
    usleep 300000
    kill -KILL "$gdb"
    wait "$gdb"
    until_true runs_again
    text_is_whole
}

# Over a reset gdb stays, and so do its breakpoints. Then the guest ends.
begins_anew() {
    gdb_does /guests/crowd.elf <<END
target remote $T/gdb
break main
monitor reset
continue
delete
set var enough = 1
continue
END
    expect_out 'hit Breakpoint 1, .*main \('
    expect_out 'exited normally'
    hang_up
    expect_eq "the VM's status" "$status" 0
}

serves_on_demand() {
    talk vhart run --kernel /guests/crowd.elf --memory 16M --control "$T/control"
    until_true vhart ctl "$T/control" gdb 0 >address
    port=$(sed -n 's/^address: 127.0.0.1://p' address)
    gdb_does /guests/crowd.elf <<END
target remote 127.0.0.1:$port
print \$_thread
kill
END
    expect_out '^\$1 = 1$'
    hang_up
}

refuses_bad_places() {
    : >there
    expect_status 125 vhart run --kernel /guests/hello.elf --gdb 70000
    expect_err '^vhart: --gdb: 70000: a port is a number up to 65535$'
    expect_status 125 vhart run --kernel /guests/hello.elf --gdb "$T/there"
    expect_err '^vhart: --gdb: .*there: there is something already: take another name$'
    expect_status 125 vhart run --kernel /guests/hello.elf --gdb-wait
    expect_err '^vhart: .*--gdb-wait: no gdb could come'
}

# As with KASLR: names are where the kernel is, in gdb by qOffsets.
follows_a_moved_kernel() {
    starts --kernel /guests/moved.elf --memory 16M
    await '^moved' "$T/vm.out"
    vhart ctl "$T/control" where >places
    grep -qE 'hart 0: .* at pc 0x10802[0-9a-f]+ \((turn|start_kernel)\+0x' places || die "the names did not follow: $(cat places)"
    vhart ctl "$T/control" symbol enough >found
    grep -q '^address: 0x10802' found || die "nor did data: $(cat found)"
    gdb_does /guests/moved.elf <<END
target remote $T/gdb
break turn
continue
bt
delete
set var enough = 1
continue
END
    expect_out 'Breakpoint 1, turn \('
    expect_out '^#1 +0x0*10802[0-9a-f]+ in start_kernel '
    expect_out 'exited normally'
    hang_up
}

# The symbols come from the kernel in the guest's memory: Debian's packages have no vmlinux.
stands_in_linux() {
    cat >run.sh <<'END'
turn=0
while :; do
    ls / >/dev/null
    turn=$((turn + 1))
    echo turn $turn
done
END
    starts --kernel "/guests/$1/Image" --initrd "/guests/$1/initrd-small" --memory 256M --cpus 2 --gdb-wait \
        --inject "$T/run.sh:/run.sh" --append 'console=ttyS0 quiet panic=-1'
    vhart ctl "$T/control" symbols "$T/linked" || die "no symbols"
    gdb_does "$T/linked" <<END
target remote $T/gdb
break *&start_kernel
continue
info registers pc
detach
END
    expect_out 'hit Breakpoint 1, .* in start_kernel'
    await '^turn ' "$T/vm.out"
    gdb_does '' <<END
target remote $T/gdb
monitor symbols $T/moved
symbol-file $T/moved
break do_trap_ecall_u if ((long *)\$a0)[17] == 56
continue
bt
stepi
stepi
tbreak *((long *)\$a0)[0] + 4
delete 1
continue
info registers priv
stepi
stepi
stepi
info registers priv
detach
END
    expect_out 'hit Breakpoint 1, .* in do_trap_ecall_u'
    expect_out '^#1 .* in handle_exception '
    expect_out 'hit Temporary breakpoint 2, '
    expect_eq "the modes" "$(sed -n 's/^priv  *\(0x.\).*/\1/p' "$out" | tr '\n' ' ')" "0x0 0x0 "
    turns=$(grep -c '^turn ' "$T/vm.out")
    until_true has_lines $((turns + 3)) '^turn ' "$T/vm.out"
    vhart ctl "$T/control" stop
    hang_up
}

if gdb_found; then
    t "gdb walks through the harts of a guest, which goes on when it leaves" walks_through_a_crowd
    t_any "a gdb that comes before there is a machine is served when there is one" comes_early
    t_any "a running VM serves gdb on demand" serves_on_demand
    t "symbols follow a kernel that is not where it was linked" follows_a_moved_kernel
    t_any "gdb stands in the kernel and the programs of a Linux guest" stands_in_linux linux
else
    skip "gdb" "there is none here"
fi
t_any "--gdb refuses a place where it cannot be served" refuses_bad_places
