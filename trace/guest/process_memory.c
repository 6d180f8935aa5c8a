/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGE_PRESENT_OR_SWAPPED (3ull << 62)
/* So much is looked at and read at once. */
#define PIECE 65536u

/* Whether all SIZE bytes, PIECE at most, lie in pages that somebody has touched. */
static bool are_there(const struct process_memory *process, uint64_t address, size_t size)
{
	uint64_t first = address / process->page, last = (address + size - 1) / process->page;
	size_t count = last - first + 1, wanted = count * sizeof(uint64_t);
	uint64_t entries[PIECE / 4096 + 1];

	if (count > sizeof(entries) / sizeof(entries[0]) ||
	    pread(process->pagemap, entries, wanted, (off_t)(first * sizeof(uint64_t))) !=
		    (ssize_t)wanted)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(entries[i] & PAGE_PRESENT_OR_SWAPPED))
			return false;
	return true;
}

bool process_memory_read(const struct process_memory *process, uint64_t address, void *out,
			 size_t size)
{
	char *to = out;

	for (size_t part; size > 0; size -= part, address += part, to += part) {
		part = size < PIECE ? size : PIECE;
		if (!are_there(process, address, part) ||
		    pread(process->memory, to, part, (off_t)address) != (ssize_t)part)
			return false;
	}
	return true;
}

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool process_memory_open(pid_t pid, struct process_memory *process)
{
	int maps = open_file(pid, "maps");

	*process = (struct process_memory){
		.memory = open_file(pid, "mem"),
		.pagemap = open_file(pid, "pagemap"),
		.maps = maps < 0 ? NULL : fdopen(maps, "r"),
		.page = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	if (maps >= 0 && !process->maps)
		close(maps);
	return process->memory >= 0 && process->pagemap >= 0 && process->maps;
}

void process_memory_close(struct process_memory *process)
{
	if (process->memory >= 0)
		close(process->memory);
	if (process->pagemap >= 0)
		close(process->pagemap);
	if (process->maps)
		fclose(process->maps);
}
