/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/memory.h"

#include <string.h>

#include "base/riscv.h"
#include "vmm/kvm/access_fault.h"

/* The RAM DONE bytes behind START, and how much of LEFT lies in one page of it. NULL: there is
 * none, or no address so high. */
static uint8_t *find(const struct guest_memory *memory, uint64_t satp, uint64_t start, size_t done,
		     size_t left, size_t *piece)
{
	const uint64_t page = 1ull << PAGE_SHIFT;
	uint64_t address = start + done, of_page = page - address % page, physical;

	if (address < start)
		return NULL;
	*piece = left < of_page ? left : (size_t)of_page;
	return guest_translate(memory, satp, address, &physical)
		       ? guest_memory_at(memory, physical, *piece)
		       : NULL;
}

size_t debug_memory_read(const struct guest_memory *memory, uint64_t satp, uint64_t address,
			 void *bytes, size_t len)
{
	size_t done = 0, piece;
	const uint8_t *ram;

	while (done < len && (ram = find(memory, satp, address, done, len - done, &piece))) {
		memcpy((uint8_t *)bytes + done, ram, piece);
		done += piece;
	}
	return done;
}

size_t debug_memory_write(const struct guest_memory *memory, uint64_t satp, uint64_t address,
			  const void *bytes, size_t len)
{
	size_t done = 0, piece;
	uint8_t *ram;

	while (done < len && (ram = find(memory, satp, address, done, len - done, &piece))) {
		memcpy(ram, (const uint8_t *)bytes + done, piece);
		__builtin___clear_cache((char *)ram, (char *)ram + piece);
		done += piece;
	}
	return done;
}
