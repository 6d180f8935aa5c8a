/* SPDX-License-Identifier: Apache-2.0 */
/* A core file of a hostile guest: page tables and a VMCOREINFO note of any contents. */
#include <stdlib.h>
#include <string.h>

#include "vmm/debug/core_file.h"

#define BASE 0x80000000ull
#define ROOM 64u

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_ranges(const struct guest_memory *memory, const struct core_range *ranges,
			 size_t count)
{
	require(count <= ROOM);
	for (size_t i = 0; i < count; i++) {
		require(ranges[i].size > 0);
		require(guest_memory_at(memory, ranges[i].physical, ranges[i].size));
		require(i == 0 || ranges[i].virtual != ranges[i - 1].virtual);
	}
}

static void make_head(const struct core *core)
{
	size_t size = core_head_size(core);
	uint8_t *head = calloc(1, size);

	require(head && size % CORE_PAGE == 0);
	core_make_head(core, head);
	free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_memory memory = {.base = BASE, .size = size - 8};
	struct core_range ranges[ROOM];
	struct core_hart hart = {.hart = 3};
	struct core core = {.memory = &memory, .harts = &hart, .hart_count = 1, .ranges = ranges};
	uint64_t satp;

	if (size < 8)
		return 0;
	memcpy(&satp, data, sizeof(satp));
	/* Of its own size: what is read beyond it is seen. */
	memory.host = malloc(memory.size + 1);
	require(memory.host);
	memcpy(memory.host, data + 8, memory.size);
	core.range_count = core_find_ranges(&memory, satp, ranges, ROOM);
	check_ranges(&memory, ranges, core.range_count);
	core_find_vmcoreinfo(&memory, &core.vmcoreinfo, &core.vmcoreinfo_len);
	make_head(&core);
	free(memory.host);
	return 0;
}
