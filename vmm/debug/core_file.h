/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine as an ELF core file (ET_CORE) that gdb and crash open: its RAM, the registers of its
 * harts, and what Linux says of itself. The parts that are made here, in front of the RAM, are
 * pure; dump.h writes the file.
 *
 * Program headers: the notes; the RAM, by physical address (p_vaddr is p_paddr); then what the
 * kernel has mapped, by virtual address, as more headers for the same bytes. So a debugger finds
 * kernel addresses without tables, as it does in /proc/kcore (fs/proc/kcore.c), and crash finds
 * physical ones. Notes: NT_PRSTATUS for each hart (include/linux/elfcore.h), which gdb takes for
 * threads, and VMCOREINFO (Documentation/admin-guide/kdump/vmcoreinfo.rst).
 */
#ifndef VHART_CORE_FILE_H
#define VHART_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"

/* What follows the headers begins at a multiple of this. */
#define CORE_PAGE 4096u

/* Of Linux's maps a few hundred are worth a header: its image and all RAM come first. */
#define CORE_RANGES_MOST 4096u

struct core_range {
	uint64_t virtual, physical, size; /* bytes */
};

struct core_hart {
	uint32_t hart;
	uint64_t registers[32]; /* pc, then x1 to x31: user_regs_struct */
};

struct core {
	const struct guest_memory *memory;
	const struct core_hart *harts;
	unsigned int hart_count;
	const struct core_range *ranges;
	size_t range_count;
	const uint8_t *vmcoreinfo; /* text; NULL: there is none */
	size_t vmcoreinfo_len;
};

/*
 * What SATP maps to RAM for supervisor mode, in pieces as large as they are, from the highest
 * address down; into RANGES, at most ROOM of them. Returns how many. Tables may be of any contents:
 * at most 16384 of them are read, each once for each place that it is used for.
 */
size_t core_find_ranges(const struct guest_memory *memory, uint64_t satp, struct core_range *ranges,
			size_t room);

/*
 * The text of the VMCOREINFO note that Linux keeps ready for a crash dump (vmcoreinfo_note of
 * kernel/vmcore_info.c): the first page of RAM that begins as such a note does. False: there is
 * none. TEXT is in the guest's memory.
 */
bool core_find_vmcoreinfo(const struct guest_memory *memory, const uint8_t **text, size_t *len);

/* Of the headers and notes; a multiple of CORE_PAGE. The RAM follows. */
size_t core_head_size(const struct core *core);
/* Writes them to HEAD, which has that size and is zero. */
void core_make_head(const struct core *core, uint8_t *head);

#endif
