/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/hart_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/riscv.h"
#include "base/sbi_spec.h"
#include "vmm/kvm/access_fault.h"

#define STVEC_MODE	  3ull
#define INSTRUCTION_WFI	  0x10500073u
#define INSTRUCTION_ECALL 0x00000073u
#define INSTRUCTION_MRET  0x30200073u
/* Handlers save registers first; who faults there faults again. */
#define HANDLER_START 256u
/* Where programs look at the machine first. */
#define PROGRAM_START 4096u

const char *hart_activity_name(enum hart_activity activity)
{
	static const char *const names[HART_ACTIVITIES] = {
		[HART_UNKNOWN] = "unknown",	[HART_RUNNING] = "running",
		[HART_HALTED] = "halted",	[HART_STOPPED] = "stopped",
		[HART_SUSPENDED] = "suspended",
	};

	return names[activity];
}

/* Privileged specification, table "Supervisor cause register (scause) values after trap". */
static const char *exception_name(uint64_t code)
{
	static const char *const names[] = {
		[0] = "instruction address misaligned",
		[1] = "instruction access fault",
		[2] = "illegal instruction",
		[3] = "breakpoint",
		[4] = "load address misaligned",
		[5] = "load access fault",
		[6] = "store/AMO address misaligned",
		[7] = "store/AMO access fault",
		[8] = "environment call from U-mode",
		[9] = "environment call from S-mode",
		[12] = "instruction page fault",
		[13] = "load page fault",
		[15] = "store/AMO page fault",
		[16] = "double trap",
		[18] = "software check",
		[19] = "hardware error",
	};

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}

static const char *interrupt_name(uint64_t code)
{
	static const char *const names[] = {
		[1] = "supervisor software interrupt",
		[5] = "supervisor timer interrupt",
		[9] = "supervisor external interrupt",
		[13] = "counter overflow interrupt",
	};

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}

const char *hart_cause_name(uint64_t scause)
{
	const char *name = scause & CAUSE_INTERRUPT ? interrupt_name(scause & ~CAUSE_INTERRUPT)
						    : exception_name(scause);

	return name ? name : "reserved";
}

/* Of 32 bits, and ends at PC. */
static bool is_behind(const struct guest_memory *memory, uint64_t satp, uint64_t pc,
		      uint32_t instruction)
{
	uint32_t found;

	return guest_fetch(memory, satp, pc - 4, &found) && found == instruction;
}

enum hart_activity hart_activity_at(const struct guest_memory *memory, uint64_t satp, uint64_t pc,
				    uint64_t a6, uint64_t a7)
{
	if (is_behind(memory, satp, pc, INSTRUCTION_WFI))
		return HART_HALTED;
	if (a7 == SBI_EID_HSM && a6 == SBI_HSM_HART_SUSPEND &&
	    is_behind(memory, satp, pc, INSTRUCTION_ECALL))
		return HART_SUSPENDED;
	return HART_RUNNING;
}

bool hart_state_traps_again(const struct hart_state *state)
{
	uint64_t handler = state->stvec & ~STVEC_MODE;

	return !(state->scause & CAUSE_INTERRUPT) && state->sstatus & SSTATUS_SPP &&
	       state->supervisor && state->sepc - handler < HANDLER_START &&
	       state->pc - handler < HANDLER_START;
}

static bool is_csr_access(uint32_t instruction)
{
	enum { SYSTEM = 0x73, FUNCT3_NONE = 0, FUNCT3_HYPERVISOR = 4 };
	uint32_t funct3 = instruction >> 12 & 7;

	return (instruction & 0x7f) == SYSTEM && funct3 != FUNCT3_NONE &&
	       funct3 != FUNCT3_HYPERVISOR;
}

static const struct {
	uint32_t csr;
	const char *name;
} machine_csrs[] = {
	{0x300, "mstatus"},  {0x301, "misa"},	   {0x302, "medeleg"},	{0x303, "mideleg"},
	{0x304, "mie"},	     {0x305, "mtvec"},	   {0x340, "mscratch"}, {0x341, "mepc"},
	{0x342, "mcause"},   {0x343, "mtval"},	   {0x344, "mip"},	{0x3a0, "pmpcfg0"},
	{0x3b0, "pmpaddr0"}, {0xf11, "mvendorid"}, {0xf12, "marchid"},	{0xf13, "mimpid"},
	{0xf14, "mhartid"},  {0x7a0, "tselect"},
};

bool hart_machine_mode_instruction(uint32_t instruction, char name[24])
{
	uint32_t csr = instruction >> 20;

	if (instruction == INSTRUCTION_MRET) {
		snprintf(name, 24, "mret");
		return true;
	}
	/* Bits 9 and 8 of a CSR's number are the least mode that may use it. */
	if (!is_csr_access(instruction) || (csr >> 8 & 3) != 3)
		return false;
	snprintf(name, 24, "CSR 0x%x", csr);
	for (size_t i = 0; i < sizeof(machine_csrs) / sizeof(machine_csrs[0]); i++)
		if (machine_csrs[i].csr == csr)
			snprintf(name, 24, "%s", machine_csrs[i].name);
	return true;
}

bool hart_find_machine_mode(const struct guest_memory *memory, uint64_t entry, uint64_t *at,
			    char name[24])
{
	uint32_t instruction;

	for (*at = entry; *at - entry < PROGRAM_START; *at += (instruction & 3) == 3 ? 4 : 2)
		if (!guest_fetch(memory, 0, *at, &instruction))
			return false;
		else if (hart_machine_mode_instruction(instruction, name))
			return true;
	return false;
}

void hart_line_add(char out[HART_LINE_MAX], const char *format, ...)
{
	size_t len = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out + len, HART_LINE_MAX - len, format, arguments);
	va_end(arguments);
}

static void add_address(char out[HART_LINE_MAX], const char *name, uint64_t address,
			const char *symbol)
{
	hart_line_add(out, "%s 0x%" PRIx64, name, address);
	if (*symbol)
		hart_line_add(out, " (%s)", symbol);
}

void hart_state_text(const struct hart_state *state, char out[HART_LINE_MAX])
{
	snprintf(out, HART_LINE_MAX, "hart %u: ", state->hart);
	if (state->activity == HART_UNKNOWN) {
		hart_line_add(out, "busy in vhart");
		return;
	}
	hart_line_add(out, "%s%s in %c-mode at ", hart_activity_name(state->activity),
		      state->activity == HART_HALTED ? " (WFI)" : "",
		      state->supervisor ? 'S' : 'U');
	add_address(out, "pc", state->pc, state->pc_symbol);
	add_address(out, ", ra", state->ra, state->ra_symbol);
	hart_line_add(out, "; last trap: scause 0x%" PRIx64 " (%s), ", state->scause,
		      hart_cause_name(state->scause));
	add_address(out, "sepc", state->sepc, state->sepc_symbol);
	hart_line_add(out, ", stval 0x%" PRIx64, state->stval);
}
