/* SPDX-License-Identifier: Apache-2.0 */
/* The file or block device behind a virtio disk: opened, locked and measured. */
#ifndef VHART_BLK_FILE_H
#define VHART_BLK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "devices/devices.h"

#define SECTOR_SIZE 512u

struct blk_file {
	int fd;
	uint64_t sectors;      /* capacity, in units of 512 bytes */
	uint32_t block_size;   /* the logical block size shown to the guest, bytes */
	uint32_t memory_align; /* of buffers with direct I/O */
	bool read_only, direct;
	enum loop_speed speed;
};

/* False after one line through error(). */
bool blk_file_open(struct blk_file *file, const struct disk_options *options);
/* Only opened and locked, whatever is in it: SECTORS is 0. */
bool blk_file_take(struct blk_file *file, const struct disk_options *options);
void blk_file_close(struct blk_file *file);

#endif
