# shellcheck shell=dash
# vhart ctl: where a hung guest is, its registers, its memory and its symbols.
# lab: hosts=any

# ctl WORDS...: of the VM that runs
ctl() { run vhart ctl ./control "$@"; }

# says LINE...: of the last result
says() {
    expect_status 0
    for line; do expect_out "^$line\$"; done
}

refuses() {
    expect_status 1
    expect_err "$1"
}

# A guest that hangs in one instruction.
hung() {
    talk vhart run --kernel /guests/lost.elf --memory 16M --cpus 2 --append spin=1 --control ./control
    vm=$pid pid=''
    until_true has_line 'lost: spin'
    out=$T/answer

    ctl where
    says 'hart 0: running in S-mode at pc 0x80[0-9a-f]+ \(spin_here\+0x0\), .*' \
        'hart 0: jumps to itself; interrupts are off \(sstatus.SIE\); enabled: none; pending: none' \
        'hart 1: waits for another hart to start it \(SBI HSM, hart_start\)'

    ctl registers 0 csr
    says '  stvec: 0x[0-9a-f]{16}' '  satp: 0x0{16}'
    ctl registers
    says '  pc: 0x0*80[0-9a-f]+' '  zero: 0x0{16}' '  priv: 0x0{15}1'
    expect_no_out 'stvec'
    ctl set 0 t3 0x123456789abcdef0
    says 'value: 0x123456789abcdef0'
    ctl registers register=x28
    says '  x28: 0x123456789abcdef0'
    # What sstatus has not is not written.
    ctl set 0 sstatus 0xffffffffffffffff
    says 'value: 0x00000002000c6[17]22'
    ctl set 0 zero 1
    refuses 'zero: it cannot be set'
    ctl registers 0 tt
    refuses "there is no register 'tt': did you mean t"

    ctl write 0x80fffff8 0123456789abcdef
    says 'length: 8'
    ctl read 0x80fffff8 16 physical=true
    says 'bytes: 0123456789abcdef' 'length: 8'
    ctl write 0x80fffffe 00000000
    refuses '0x81000000: not mapped to memory by hart 0'
    ctl read 0x80fffff8
    says 'bytes: 0123456789abcdef'
    ctl read 0x1000
    refuses '0x1000: not mapped to memory by hart 0'
    ctl symbol spin_her
    refuses "no symbol 'spin_her': did you mean spin_here"

    ctl dump core
    says 'size: 16781312' 'written: [0-9]{5}'
    expect_eq "ELF, little-endian, core, RISC-V" "$(head -c 20 core | od -An -tx1 | tr -d ' \n')" \
        7f454c46020101000000000000000000"0400f300"
    expect_eq "size" "$(wc -c <core)" 16781312
    ctl dump core
    refuses 'dump: .*/core: it exists, and is not written over'
    ctl dump /nowhere/core
    refuses 'dump: /nowhere/core: No such file or directory'
    ctl sysrq t
    refuses 'sysrq: no driver of the guest takes it from the UART'
    ctl sysrq tt
    refuses 'sysrq: expected one character'

    # Out of there, into a WFI, and by another instruction out of that.
    ctl set 0 pc halt_here
    says 'value: 0x0*80[0-9a-f]+'
    until_true is_at 'halted \(WFI\) .*halt_here'
    says 'hart 0: waits for an interrupt; enabled: none; pending: none; its timer is not set: nothing can wake it'
    ctl read halt_here+4 4
    says 'bytes: 73005010'
    ctl write halt_here+4 13000000
    until_true is_at 'running .*halt_here'
    ctl stop
    expect_status 0
    wait "$vm" || true
}

is_at() {
    ctl where
    has_line "hart 0: $1" "$out"
}

t "a guest that hangs: where, registers, memory and symbols of it, and a way out" hung
