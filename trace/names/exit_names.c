/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/exit_names.h"

#include <stdio.h>

#include "base/own_run.h"
#include "trace/names/sbi_names.h"

/* Privileged spec, scause; the hypervisor and AIA extensions. */
static const char *const interrupts[EXIT_IRQS] = {
	[1] = "s_soft", [2] = "vs_soft", [5] = "s_timer", [6] = "vs_timer",
	[9] = "s_ext",	[10] = "vs_ext", [12] = "sgei",	  [13] = "lcofi",
};

static const char *const exceptions[EXIT_EXCEPTIONS] = {
	[0] = "inst_misaligned",  [1] = "inst_access",	     [2] = "illegal_inst",
	[3] = "breakpoint",	  [4] = "load_misaligned",   [5] = "load_access",
	[6] = "store_misaligned", [7] = "store_access",	     [8] = "ecall_u",
	[9] = "ecall_hs",	  [11] = "ecall_m",	     [12] = "inst_page_fault",
	[13] = "load_page_fault", [15] = "store_page_fault", [18] = "software_check",
	[19] = "hardware_error",
};

static const struct exit_name others[EXIT_SBI] = {
	[EXIT_WFI] = {"virtual_inst", "wfi"},
	[EXIT_WRS] = {"virtual_inst", "wrs"},
	[EXIT_CSR_READ] = {"virtual_inst", "csr read"},
	[EXIT_CSR_WRITE] = {"virtual_inst", "csr write"},
	[EXIT_VIRTUAL_OTHER] = {"virtual_inst", "other"},
	[EXIT_VIRTUAL_UNTOLD] = {"virtual_inst", "not told"},
	[EXIT_FETCH_FAULT] = {"inst_guest_page_fault", "ram"},
	[EXIT_LOAD_FAULT] = {"load_guest_page_fault", "ram"},
	[EXIT_LOAD_MMIO] = {"load_guest_page_fault", "mmio"},
	[EXIT_STORE_FAULT] = {"store_guest_page_fault", "ram"},
	[EXIT_STORE_MMIO] = {"store_guest_page_fault", "mmio"},
	[EXIT_WALK_READ] = {"guest_page_fault", "pt-walk read"},
	[EXIT_WALK_WRITE] = {"guest_page_fault", "pt-walk write"},
	[EXIT_OTHER] = {"other", ""},
};

static const char *const states[VCPU_STATES] = {
	[VCPU_GUEST] = "guest",	  [VCPU_KERNEL] = "kernel",   [VCPU_VMM] = "vmm",
	[VCPU_HALTED] = "halted", [VCPU_WAITING] = "waiting", [VCPU_BLOCKED] = "blocked",
};

/* So that names need no memory of their own. */
static const char *const numbers[EXIT_EXCEPTIONS] = {
	"0",  "1",  "2",  "3",	"4",  "5",  "6",  "7",	"8",  "9",  "10",
	"11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21",
	"22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
};

struct exit_name exit_name(uint32_t row)
{
	if (row < EXIT_EXCEPTION)
		return (struct exit_name){"irq", interrupts[row] ? interrupts[row] : numbers[row]};
	if (row < EXIT_WFI) {
		uint32_t code = row - EXIT_EXCEPTION;

		return exceptions[code] ? (struct exit_name){exceptions[code], ""}
					: (struct exit_name){"exception", numbers[code]};
	}
	if (row < EXIT_SBI)
		return others[row];
	if (row == EXIT_SBI_CALL)
		return (struct exit_name){"sbi", ""};
	if (row < EXIT_ROWS)
		return (struct exit_name){"sbi", sbi_row_name(row - EXIT_SBI)};
	return others[EXIT_OTHER];
}

const char *exit_row_text(uint32_t row, char *out, size_t size)
{
	struct exit_name name = exit_name(row);

	snprintf(out, size, "%s%s%s", name.reason, name.sub[0] ? " " : "", name.sub);
	return out;
}

const char *exit_lcofi_way(uint64_t by)
{
	static const char *const ways[LCOFI_BYS] = {
		[LCOFI_BY_SIP] = "sip",
		[LCOFI_BY_STUB] = "stub",
		[LCOFI_BY_MSI] = "msi",
		[LCOFI_BY_WIRED] = "wired",
	};

	return by < LCOFI_BYS && ways[by] ? ways[by] : "?";
}

const char *vcpu_state_name(enum vcpu_state state)
{
	return state < VCPU_STATES ? states[state] : "";
}

/* Those that a guest's access to makes an exit, in KVM's csr_funcs[] or trapped by hstateen,
 * henvcfg and hcounteren. */
static const struct {
	uint32_t csr;
	const char *name;
} csrs[] = {
	{0x015, "seed"},      {0x100, "sstatus"},   {0x104, "sie"},    {0x106, "scounteren"},
	{0x10A, "senvcfg"},   {0x10C, "sstateen0"}, {0x144, "sip"},    {0x14D, "stimecmp"},
	{0x150, "siselect"},  {0x151, "sireg"},	    {0x15C, "stopei"}, {0x180, "satp"},
	{0x5A8, "scontext"},  {0xC00, "cycle"},	    {0xC01, "time"},   {0xC02, "instret"},
	{0xDA0, "scountovf"}, {0xDB0, "stopi"},
};

const char *csr_name(uint32_t csr)
{
	for (size_t i = 0; i < sizeof(csrs) / sizeof(csrs[0]); i++)
		if (csrs[i].csr == csr)
			return csrs[i].name;
	return NULL;
}
