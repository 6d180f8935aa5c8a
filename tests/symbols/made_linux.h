/* SPDX-License-Identifier: Apache-2.0 */
/* A VM's memory with a Linux in it that has tasks, and the kernel's types (BTF) beside them. */
#ifndef VHART_MADE_LINUX_H
#define VHART_MADE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/guest/image_search.h"
#include "trace/guest/symbols.h"

enum {
	MADE_BTF_MOST = 2048,
	MADE_LINUX_SIZE = 64 * 1024, /* of its Image */
	MADE_RAM = 256 * 1024,
	MADE_IMAGE_AT = 32 * 1024, /* in the memory */
	MADE_MM_AT = 208 * 1024,   /* the mm_struct of the thread that runs */
	MADE_PGD_AT = 212 * 1024,
	MADE_HARTS = 2,
	/* Offsets in its structures: curr is in a union without a name, in const and typedef. */
	MADE_CPU = 16 + 8,
	MADE_TASK_PID = 40,
	MADE_TASK_TGID = 44,
	MADE_TASK_LEADER = 48,
	MADE_TASK_MM = 56,
	MADE_TASK_COMM = 64,
	MADE_RQ_CURR = 32,
	MADE_MM_PGD = 16,
};

/* Its types: how many bytes. */
size_t make_btf(uint8_t out[MADE_BTF_MOST]);

struct made_linux {
	uint8_t ram[MADE_RAM];
	struct symbols symbols; /* as linked */
	struct image_place place;
	uint64_t moved; /* from where it was linked (KASLR) */
};

#define MADE_LINK  0xffffffff80000000ull
#define MADE_START 0x80000000ull /* of the memory, for the guest */

/* It runs two tasks: on hart 0 an idle one, on hart 5 a thread of another process. */
void make_linux(struct made_linux *made, uint64_t moved);
void free_linux(struct made_linux *made);

/* Where its variable NAME is in the memory. */
uint8_t *made_variable(struct made_linux *made, const char *name);
/* The task at OFFSET of the memory, and its address in the guest. */
uint64_t make_task(struct made_linux *made, size_t offset, uint32_t cpu, uint32_t pid,
		   uint32_t tgid, const char *comm);
/* CPU's current task. */
void run_task(struct made_linux *made, uint32_t cpu, uint64_t task);

/* For task_search(): OPAQUE is a struct made_linux, addresses are those of this process. */
bool made_read(void *opaque, uint64_t address, void *out, size_t size);

#endif
