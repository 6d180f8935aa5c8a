/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a flash, over all lives of a machine, and the file that it is saved to. A change is in
 * the file when flash_file_save() returns: of a word, a process that is killed leaves the old value
 * there or the new one.
 */
#ifndef VHART_FLASH_FILE_H
#define VHART_FLASH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define FLASH_MAX (32ull << 20)

struct flash_file {
	const char *path;
	int fd;
	uint8_t *bytes; /* page-aligned */
	uint64_t len;	/* whole sectors, at most FLASH_MAX */

	/* What the file does not have yet, as it could not be written. */
	uint64_t unsaved_from, unsaved_to;
	bool told;
};

/* Opens and reads PATH, which outlives it, and keeps other VMs from it. NULL after error(), with
 * WHAT ("--firmware vars=") in front of the path. */
struct flash_file *flash_file_open(const char *what, const char *path);
void flash_file_close(struct flash_file *file);

/* Writes the bytes from FROM to TO. False: it cannot be; a line was said about it, once. They are
 * tried again with the next. Nobody may change the bytes meanwhile. */
bool flash_file_save(struct flash_file *file, uint64_t from, uint64_t to);

/* LEN bytes of memory, page-aligned, all 0; NULL: no memory. Pages that stay so cost none. */
void *flash_memory(uint64_t len);
void flash_memory_free(void *memory, uint64_t len); /* NULL: nothing */
/* Copies, and leaves alone what is 0 in FROM. TO is all 0. */
void flash_copy(uint8_t *to, const uint8_t *from, uint64_t len);

#endif
