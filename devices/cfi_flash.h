/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NOR flash that speaks Intel's command set (CFI command set 1): two chips of 16 bits beside each
 * other on a bus of 32, as the boards of QEMU have, with uniform sectors and no locks. Pure: what
 * is read and written, and what that does to its bytes.
 *
 * A program only clears bits, an erase sets all of a sector's. Both are done at once.
 */
#ifndef VHART_CFI_FLASH_H
#define VHART_CFI_FLASH_H

#include <stdbool.h>
#include <stdint.h>

#define CFI_FLASH_SECTOR 0x40000u
#define CFI_FLASH_BUFFER 128u /* bytes that one buffered program takes, aligned to that */
#define CFI_FLASH_WRITES 32u  /* in which they come: words of the bus */

/* What a read gives. */
enum cfi_flash_mode { CFI_ARRAY, CFI_STATUS, CFI_IDENTIFIER, CFI_QUERY };

/* What the next write is. */
enum cfi_flash_step {
	CFI_COMMAND,
	CFI_WORD,    /* what is programmed */
	CFI_ERASE,   /* its confirmation */
	CFI_COUNT,   /* of the writes that fill the buffer, less 1 */
	CFI_DATA,    /* one of them */
	CFI_CONFIRM, /* that the buffer is programmed */
	CFI_LOCK,    /* which kind: there are no locks */
	CFI_STEPS,
};

struct cfi_flash_write {
	uint64_t offset, value;
	unsigned int size; /* bytes */
};

struct cfi_flash {
	uint8_t *bytes;
	uint64_t len; /* whole sectors */
	bool busy;    /* the owner's: it is not ready yet, as the status says */

	enum cfi_flash_mode mode;
	enum cfi_flash_step step;
	bool failed_program, failed_erase; /* until the status is cleared */
	unsigned int left;		   /* writes that the buffer still takes */
	unsigned int pending_count;
	struct cfi_flash_write pending[CFI_FLASH_WRITES];

	uint64_t changed_from, changed_to; /* bytes; the owner makes them 0 when it has seen them */
};

/* As after power-on; BYTES, LEN of them, are the caller's. */
void cfi_flash_init(struct cfi_flash *flash, uint8_t *bytes, uint64_t len);

/* An access of SIZE bytes, 1 to 8, within it. */
uint64_t cfi_flash_read(const struct cfi_flash *flash, uint64_t offset, unsigned int size);
/* NULL; or a constant string, when no such command is known or a sequence was broken. */
const char *cfi_flash_write(struct cfi_flash *flash, uint64_t offset, unsigned int size,
			    uint64_t value);

#endif
