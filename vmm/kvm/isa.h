/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the extensions that KVM knows by number: ISA extensions (enum KVM_RISCV_ISA_EXT_ID) and
 * SBI extensions (enum KVM_RISCV_SBI_EXT_ID) of its ONE_REG interface, as of Linux 7.2. Pure, and
 * no kernel header needed: the numbers are ABI, and a build against older headers still knows the
 * newer names.
 */
#ifndef VHART_ISA_H
#define VHART_ISA_H

#include <stdbool.h>
#include <stddef.h>

#define ISA_EXT_COUNT	  78u /* known numbers: 0 .. 77 */
#define ISA_SBI_EXT_COUNT 14u
#define ISA_STRING_MAX	  1024u /* enough for the string of all known extensions */

/* Numbers that the VMM itself asks for. */
#define ISA_EXT_SSAIA	 14u
#define ISA_EXT_SSCOFPMF 54u
#define ISA_EXT_ZICBOM	 11u
#define ISA_EXT_ZICBOZ	 12u
#define ISA_EXT_ZICBOP	 71u

/* "sstc"; single letters are "a". NULL when the number is not known. */
const char *isa_ext_name(unsigned int id);
/* "DBCN". NULL when the number is not known. */
const char *isa_sbi_ext_name(unsigned int id);

/* Modes of satp by name, "sv39" is 8: privileged spec, "Supervisor Address Translation and
 * Protection Register". 0 and "none" when they are not known. */
unsigned int isa_mmu_mode(const char *name);
const char *isa_mmu_name(unsigned int mode);

/*
 * Describes the enabled extensions (ENABLED[id], ids below COUNT; unknown ids are left out): the
 * devicetree's riscv,isa string "rv64imafdc_zicsr..." into ISA of SIZE bytes, and its
 * riscv,isa-extensions names into NAMES, which has room for ISA_EXT_COUNT. Both in the canonical
 * order of the unprivileged ISA manual, "ISA Extension Naming Conventions". Returns how many names,
 * 0 when ISA is too small.
 */
unsigned int isa_describe(const bool *enabled, unsigned int count, char *isa, size_t size,
			  const char *names[ISA_EXT_COUNT]);

#endif
