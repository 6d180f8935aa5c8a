/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of another process, as /proc/PID has it, for a search in it. */
#ifndef VHART_PROCESS_MEMORY_H
#define VHART_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct process_memory {
	int memory, pagemap;
	FILE *maps;    /* at its beginning */
	uint64_t page; /* the size of one */
};

/*
 * To be opened by this process, which may be allowed more than a child of its own is (Yama), and
 * closed in any case. False: it may not be read.
 */
bool process_memory_open(pid_t pid, struct process_memory *process);
void process_memory_close(struct process_memory *process);

/*
 * SIZE bytes from ADDRESS. False: a page of them was never touched, and is not to be made by
 * looking at it. For a helper (helper.h): what stands behind a page may let it wait all the same.
 */
bool process_memory_read(const struct process_memory *process, uint64_t address, void *out,
			 size_t size);

#endif
