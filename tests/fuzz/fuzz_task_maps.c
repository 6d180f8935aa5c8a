/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest's process has mapped, in a memory in which all is the guest's word: the input is
 * that memory, with the process's mm_struct at its beginning. Whatever it says, the walk ends,
 * reads nothing outside, and what it tells is a mapping behind the one before, with a path that
 * ends.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trace/guest/task_maps.h"

#define GUEST	    0xffffffd600000000ull
#define READS_LIMIT (4u << 20)

struct fuzzed {
	const uint8_t *data;
	size_t size;
	uint64_t end; /* of the mapping before */
	unsigned int reads, mappings;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	struct fuzzed *fuzzed = opaque;
	const uint64_t offset = address - (uintptr_t)fuzzed->data;

	require(offset <= fuzzed->size && size <= fuzzed->size - offset);
	require(++fuzzed->reads < READS_LIMIT);
	memcpy(out, fuzzed->data + offset, size);
	return true;
}

static bool take(void *opaque, const struct task_mapping *mapping)
{
	struct fuzzed *fuzzed = opaque;

	require(mapping->start < mapping->end && mapping->start >= fuzzed->end);
	require(memchr(mapping->path, 0, sizeof(mapping->path)) != NULL);
	require(!mapping->path[0] || mapping->path[0] == '/');
	require(++fuzzed->mappings <= TASK_MAPPINGS);
	fuzzed->end = mapping->end;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As in tests/unit/test_task_maps.c. */
	static const struct task_maps maps = {
		.offsets = {[MM_TREE] = 8,	 [VMA_START] = 0,     [VMA_END] = 8,
			    [VMA_PGOFF] = 16,	 [VMA_FLAGS] = 24,    [VMA_MM] = 32,
			    [VMA_FILE] = 40,	 [FILE_DENTRY] = 8,   [FILE_MOUNT] = 16,
			    [DENTRY_NAME] = 8,	 [DENTRY_LENGTH] = 4, [DENTRY_PARENT] = 16,
			    [MOUNT_INSIDE] = 32, [MOUNT_ROOT] = 0,    [MOUNT_PARENT] = 8,
			    [MOUNT_POINT] = 16,	 [RANGE_PIVOT] = 8,   [RANGE_SLOT] = 128,
			    [ARANGE_PIVOT] = 8,	 [ARANGE_SLOT] = 80},
		.known = true,
	};
	struct fuzzed fuzzed = {.data = data, .size = size};
	const struct task_places places = {
		.windows = {{.guest = GUEST, .size = size, .host = (uintptr_t)data}}};
	const struct task_maps_reader reader = {.places = &places,
						.maps = &maps,
						.read = read_memory,
						.take = take,
						.opaque = &fuzzed};

	task_maps_list(&reader, GUEST);
	return 0;
}
