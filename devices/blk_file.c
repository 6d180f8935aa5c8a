/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/blk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/disk_format.h"
#include "devices/disk_lock.h"

/* Opening a FIFO would block and opening a device can have effects: look before. */
static bool check_kind(const char *path)
{
	struct stat status;

	if (stat(path, &status)) {
		error("disk %s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))
		return true;
	error("disk %s: %s, but a disk is a file or a block device", path,
	      S_ISDIR(status.st_mode) ? "is a directory" : "is neither");
	return false;
}

static void open_error(const struct disk_options *options, int err)
{
	if (!options->read_only && (err == EACCES || err == EPERM || err == EROFS) &&
	    access(options->path, R_OK) == 0)
		error("disk %s: cannot be written to (%s): add ,ro to use it read-only",
		      options->path, strerror(err));
	else if (options->direct && err == EINVAL)
		error("disk %s: its file system knows no direct I/O: leave out ,direct",
		      options->path);
	else
		error("disk %s: %s", options->path, strerror(err));
}

/* Two VMs writing one file system destroy it. */
static bool lock(const struct blk_file *file, const struct disk_options *options)
{
	static const enum disk_use uses[2][2] = {{DISK_WRITE, DISK_WRITE_SHARED},
						 {DISK_READ, DISK_READ_SHARED}};
	const int result = disk_lock(file->fd, uses[options->read_only][options->share_rw]);

	if (result == EAGAIN) {
		error("disk %s: is in use by another virtual machine%s%s", options->path,
		      file->read_only ? " that writes to it" : ": several may share it with ,ro",
		      options->image	? ""
		      : file->read_only ? ": ,share-rw=on reads it while it changes"
					: ", or write to it with ,share-rw=on");
		return false;
	}
	if (result != 0 && !options->again)
		verbose("disk %s: cannot be locked: %s: nothing keeps other virtual machines from "
			"it",
			options->path, strerror(result));
	return true;
}

static bool find_size(const struct blk_file *file, const char *path, uint64_t *bytes)
{
	struct stat status;

	if (fstat(file->fd, &status)) {
		error("disk %s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISREG(status.st_mode)) {
		*bytes = (uint64_t)status.st_size;
		return true;
	}
	if (ioctl(file->fd, BLKGETSIZE64, bytes) == 0)
		return true;
	error("disk %s: its size cannot be read: %s", path, strerror(errno));
	return false;
}

/* What direct I/O asks of buffers and offsets. Kernels before 6.1 do not tell. */
static bool find_alignment(struct blk_file *file, const char *path)
{
	struct statx status;
	int logical;

	if (statx(file->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
	    (status.stx_mask & STATX_DIOALIGN)) {
		if (!status.stx_dio_offset_align) {
			error("disk %s: its file system knows no direct I/O: leave out ,direct",
			      path);
			return false;
		}
		file->memory_align = status.stx_dio_mem_align;
		file->block_size = status.stx_dio_offset_align;
	} else if (ioctl(file->fd, BLKSSZGET, &logical) == 0 && logical > 0) {
		file->block_size = (uint32_t)logical;
		file->memory_align = (uint32_t)logical;
	} else {
		file->memory_align = SECTOR_SIZE;
	}
	if (file->block_size < SECTOR_SIZE)
		file->block_size = SECTOR_SIZE;
	return true;
}

/* Direct I/O goes past the cache, and whether a file system can tell without waiting is its choice.
 */
static enum loop_speed find_speed(const struct blk_file *file)
{
	struct statfs system;
	struct stat status;
	uint8_t byte;
	struct iovec one = {.iov_base = &byte, .iov_len = 1};

	if (file->direct)
		return LOOP_SLOW;
	/* A device file in /dev lies in a tmpfs, what it stands for does not. */
	if (fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    fstatfs(file->fd, &system) == 0 && system.f_type == TMPFS_MAGIC)
		return LOOP_MEMORY;
	if (preadv2(file->fd, &one, 1, 0, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP)
		return LOOP_SLOW;
	return LOOP_CACHED;
}

/* What a guest reads is no access that the host's users would ask for. Only a file's owner may say
 * so. */
static int open_quietly(const char *path, int flags)
{
	int fd = open(path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

static bool measure(struct blk_file *file, const struct disk_options *options)
{
	uint64_t bytes;

	if (!find_size(file, options->path, &bytes))
		return false;
	if (options->direct && !find_alignment(file, options->path))
		return false;
	file->sectors = bytes / file->block_size * (file->block_size / SECTOR_SIZE);
	if (!file->sectors) {
		error("disk %s: has %" PRIu64 " bytes, but the smallest disk has %" PRIu32,
		      options->path, bytes, file->block_size);
		return false;
	}
	if (bytes % file->block_size)
		warning("disk %s: the last %" PRIu64 " bytes do not fill a block of %" PRIu32
			" and are not shown to the guest",
			options->path, bytes % file->block_size, file->block_size);
	return true;
}

/*
 * The guest would see the bytes of the format, not the disk that they stand for, and its first
 * write destroys the image. Read through direct I/O, too: hence the alignment.
 */
static bool check_format(const struct blk_file *file, const struct disk_options *options)
{
	_Alignas(DISK_FORMAT_HEAD) uint8_t head[DISK_FORMAT_HEAD];
	ssize_t len = pread(file->fd, head, sizeof(head), 0);
	const struct disk_format *format = len > 0 ? disk_format_of(head, (size_t)len) : NULL;

	/* What a guest has written into its disk is no reason to end it. */
	if (!format || options->raw || options->again)
		return true;
	if (format->word) {
		error("disk %s: is %s: add ,format=raw to show the guest these bytes, or if a "
		      "guest may have written them, else ,format=%s to show it the disk in it",
		      options->path, format->name, format->word);
		return false;
	}
	error("disk %s: is %s, and a disk is a raw image: make one (%s %s %s), or add ,format=raw "
	      "to show the guest these bytes",
	      options->path, format->name, format->before, options->path, format->after);
	return false;
}

bool blk_file_take(struct blk_file *file, const struct disk_options *options)
{
	int flags = options->read_only ? O_RDONLY : O_RDWR;

	*file = (struct blk_file){.fd = -1,
				  .block_size = SECTOR_SIZE,
				  .memory_align = 1,
				  .read_only = options->read_only,
				  .direct = options->direct};
	if (!check_kind(options->path))
		return false;
	file->fd =
		open_quietly(options->path, flags | O_CLOEXEC | (options->direct ? O_DIRECT : 0));
	if (file->fd < 0) {
		open_error(options, errno);
		return false;
	}
	if (lock(file, options))
		return true;
	blk_file_close(file);
	return false;
}

bool blk_file_open(struct blk_file *file, const struct disk_options *options)
{
	if (!blk_file_take(file, options))
		return false;
	if (check_format(file, options) && measure(file, options)) {
		file->speed = find_speed(file);
		return true;
	}
	blk_file_close(file);
	return false;
}

void blk_file_close(struct blk_file *file)
{
	if (file->fd >= 0) {
		/* The guest's next life may open it before the last of this one is gone. */
		disk_unlock(file->fd);
		close(file->fd);
	}
	file->fd = -1;
}
