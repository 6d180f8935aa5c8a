/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a guest left, as one small number: a row of the table that `vhart stat` shows. What kvm_exit
 * says (scause, stval, htinst) and, for SBI calls, a7 and a6 decide. Pure, and compiled for BPF
 * too.
 */
#ifndef VHART_EXIT_ROWS_H
#define VHART_EXIT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/riscv.h"
#include "trace/exits/sbi_rows.h"

/* Unprivileged spec: instructions. */
#define INSTRUCTION_WFI	    0x10500073u
#define INSTRUCTION_WRS_NTO 0x00D00073u
#define INSTRUCTION_WRS_STO 0x01D00073u
/* Hypervisor extension, "Transformed instruction": an implicit access for VS-stage translation. */
#define HTINST_WALK_READ  0x3000u
#define HTINST_WALK_WRITE 0x3020u

#define EXIT_IRQS	16u
#define EXIT_EXCEPTIONS 32u

enum exit_row {
	EXIT_IRQ = 0,		    /* and the interrupt's number */
	EXIT_EXCEPTION = EXIT_IRQS, /* and the exception's, where no row below is closer */
	EXIT_WFI = EXIT_EXCEPTION + EXIT_EXCEPTIONS,
	EXIT_WRS,
	EXIT_CSR_READ,
	EXIT_CSR_WRITE,
	EXIT_VIRTUAL_OTHER,
	EXIT_VIRTUAL_UNTOLD, /* stval is 0, and nothing else said which instruction */
	/* Guest page faults: RAM that is not there yet, a device, the guest's own page tables. */
	EXIT_FETCH_FAULT,
	EXIT_LOAD_FAULT,
	EXIT_LOAD_MMIO,
	EXIT_STORE_FAULT,
	EXIT_STORE_MMIO,
	EXIT_WALK_READ,
	EXIT_WALK_WRITE,
	EXIT_OTHER,
	EXIT_SBI, /* and sbi_row() */
	EXIT_CONSOLE_WRITE = EXIT_SBI + SBI_ROW_DBCN,
	EXIT_SBI_CALL = EXIT_SBI + SBI_ROWS, /* any, where it is not seen which */
	EXIT_ROWS,
	/* No exit: the guest ran, from an entry to the exit after it. */
	EXIT_RUNS = EXIT_ROWS,
	EXIT_TIMES, /* what has times: the rows, and that */
};

static inline uint32_t exit_virtual_row(uint64_t instruction)
{
	uint32_t funct3 = instruction >> 12 & 7, source = instruction >> 15 & 31;

	/* Hypervisor extension: stval is the instruction, or 0. */
	if (!instruction)
		return EXIT_VIRTUAL_UNTOLD;
	if (instruction == INSTRUCTION_WFI)
		return EXIT_WFI;
	if (instruction == INSTRUCTION_WRS_NTO || instruction == INSTRUCTION_WRS_STO)
		return EXIT_WRS;
	if ((instruction & 0x7F) != 0x73 || (funct3 & 3) == 0)
		return EXIT_VIRTUAL_OTHER;
	/* csrrs and csrrc with x0 or 0 only read. */
	return (funct3 & 3) != 1 && source == 0 ? EXIT_CSR_READ : EXIT_CSR_WRITE;
}

/* EID and FID count only for SBI calls. */
static inline uint32_t exit_row(uint64_t scause, uint64_t stval, uint64_t htinst, uint64_t eid,
				uint64_t fid)
{
	uint64_t code = scause & ~CAUSE_INTERRUPT;

	if (scause & CAUSE_INTERRUPT)
		return code < EXIT_IRQS ? EXIT_IRQ + (uint32_t)code : EXIT_OTHER;
	if (code == CAUSE_VIRTUAL_SUPERVISOR_ECALL)
		return EXIT_SBI + sbi_row(eid, fid);
	if (code == CAUSE_VIRTUAL_INSTRUCTION)
		return exit_virtual_row(stval);
	if (code == CAUSE_FETCH_GUEST_PAGE_FAULT || code == CAUSE_LOAD_GUEST_PAGE_FAULT ||
	    code == CAUSE_STORE_GUEST_PAGE_FAULT) {
		if (htinst == HTINST_WALK_READ)
			return EXIT_WALK_READ;
		if (htinst == HTINST_WALK_WRITE)
			return EXIT_WALK_WRITE;
		if (code == CAUSE_FETCH_GUEST_PAGE_FAULT)
			return EXIT_FETCH_FAULT;
		return code == CAUSE_LOAD_GUEST_PAGE_FAULT ? EXIT_LOAD_FAULT : EXIT_STORE_FAULT;
	}
	return code < EXIT_EXCEPTIONS ? EXIT_EXCEPTION + (uint32_t)code : EXIT_OTHER;
}

/* The fault was an access to a device: the row for that. */
static inline uint32_t exit_mmio_row(uint32_t row)
{
	if (row == EXIT_LOAD_FAULT)
		return EXIT_LOAD_MMIO;
	return row == EXIT_STORE_FAULT ? EXIT_STORE_MMIO : row;
}

/*
 * An access to a device that htinst does not describe, as a transformed instruction: INSN and its
 * LENGTH in bytes of data are what KVM decoded (struct kvm_mmio_decode of 6.12 to 7.2). Of a
 * compressed load KVM keeps only the register, in its place; of a compressed store all.
 */
static inline uint64_t exit_decoded_access(uint64_t insn, uint32_t length, bool store)
{
	uint64_t width = length == 8 ? 3 : length == 4 ? 2 : length == 2 ? 1 : 0;
	uint64_t source = insn >> 20 & 31;

	if (!store)
		return width << 12 | (insn & 31 << 7) | 3;
	if ((insn & 3) == 2) /* c.swsp, c.sdsp */
		source = insn >> 2 & 31;
	else if ((insn & 3) == 0) /* c.sw, c.sd */
		source = 8 + (insn >> 2 & 7);
	return source << 20 | width << 12 | 0x23;
}

/* Hypervisor extension: htval is a guest physical address without its lowest two bits; 0: it is
 * not known. */
static inline uint64_t exit_guest_address(uint64_t htval, uint64_t stval)
{
	return htval << 2 | (stval & 3);
}

#endif
