/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/cfi_flash.h"
#include "devices/disk_lock.h"

#define PIECE 4096u

void *flash_memory(uint64_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void flash_memory_free(void *memory, uint64_t len)
{
	if (memory)
		munmap(memory, len);
}

void flash_copy(uint8_t *to, const uint8_t *from, uint64_t len)
{
	static const uint8_t zeros[PIECE];

	for (uint64_t at = 0; at < len; at += PIECE) {
		const size_t piece = len - at < PIECE ? len - at : PIECE;

		if (memcmp(from + at, zeros, piece) != 0)
			memcpy(to + at, from + at, piece);
	}
}

/* ---- opening ---- */

static bool open_file(struct flash_file *file, const char *what)
{
	struct stat status;

	/* Opening a FIFO would block. */
	if (stat(file->path, &status) == 0 && !S_ISREG(status.st_mode)) {
		error("%s%s: is %s: a file is needed", what, file->path,
		      S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
		return false;
	}
	file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (file->fd >= 0)
		return true;
	if (errno == ENOENT)
		error("%s%s: %s: make it a copy of the file that came with the firmware, "
		      "RISCV_VIRT_VARS.fd",
		      what, file->path, strerror(errno));
	else if (errno == EACCES || errno == EPERM || errno == EROFS)
		error("%s%s: %s: the firmware writes there: name a copy of your own", what,
		      file->path, strerror(errno));
	else
		error("%s%s: %s", what, file->path, strerror(errno));
	return false;
}

static bool find_len(struct flash_file *file, const char *what)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0) {
		error("%s%s: %s", what, file->path, strerror(errno));
		return false;
	}
	file->len = (uint64_t)status.st_size;
	if (file->len && file->len <= FLASH_MAX && file->len % CFI_FLASH_SECTOR == 0)
		return true;
	error("%s%s: has %" PRIu64 " bytes: a flash has a multiple of 256K, at most 32M, as the "
	      "RISCV_VIRT_VARS.fd that came with the firmware has",
	      what, file->path, file->len);
	return false;
}

/* As with disks: QEMU takes the same lock of a flash's file. */
static bool lock(const struct flash_file *file, const char *what)
{
	const int result = disk_lock(file->fd, DISK_WRITE);

	if (result != 0 && result != EAGAIN)
		verbose("%s%s: cannot be locked: %s: nothing keeps other virtual machines from it",
			what, file->path, strerror(result));
	if (result != EAGAIN)
		return true;
	error("%s%s: is in use by another virtual machine: give each a copy of its own", what,
	      file->path);
	return false;
}

static bool read_all(struct flash_file *file)
{
	uint8_t piece[PIECE];
	uint64_t at = 0;

	while (at < file->len) {
		ssize_t got = pread(file->fd, piece, sizeof(piece), (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || (uint64_t)got > file->len - at) {
			errno = got < 0 ? errno : EIO; /* its length is another one now */
			return false;
		}
		flash_copy(file->bytes + at, piece, (uint64_t)got);
		at += (uint64_t)got;
	}
	return true;
}

static bool read_in(struct flash_file *file, const char *what)
{
	file->bytes = flash_memory(file->len);
	if (file->bytes && read_all(file))
		return true;
	error("%s%s: %s", what, file->path, strerror(errno));
	return false;
}

struct flash_file *flash_file_open(const char *what, const char *path)
{
	struct flash_file *file = calloc(1, sizeof(*file));

	if (!file) {
		error("%s%s: no memory", what, path);
		return NULL;
	}
	*file = (struct flash_file){.path = path, .fd = -1};
	if (open_file(file, what) && find_len(file, what) && lock(file, what) &&
	    read_in(file, what))
		return file;
	flash_file_close(file);
	return NULL;
}

/* ---- saving ---- */

static bool write_all(const struct flash_file *file, uint64_t from, uint64_t to)
{
	while (from < to) {
		ssize_t done = pwrite(file->fd, file->bytes + from, to - from, (off_t)from);

		if (done > 0) {
			from += (uint64_t)done;
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		errno = done < 0 ? errno : EIO;
		return false;
	}
	return true;
}

bool flash_file_save(struct flash_file *file, uint64_t from, uint64_t to)
{
	const bool waits = file->unsaved_from < file->unsaved_to;

	if (!waits || from < file->unsaved_from)
		file->unsaved_from = from;
	if (!waits || to > file->unsaved_to)
		file->unsaved_to = to;
	if (write_all(file, file->unsaved_from, file->unsaved_to)) {
		file->unsaved_from = file->unsaved_to = 0;
		file->told = false;
		return true;
	}
	if (!file->told)
		warning("the firmware's variables cannot be saved to %s: %s: the guest is told",
			file->path, strerror(errno));
	file->told = true;
	return false;
}

/* The last chance of what could not be saved. */
static void save_rest(const struct flash_file *file)
{
	if (file->unsaved_from < file->unsaved_to &&
	    !write_all(file, file->unsaved_from, file->unsaved_to))
		warning("the firmware's last variables are not in %s: %s", file->path,
			strerror(errno));
}

void flash_file_close(struct flash_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0) {
		save_rest(file);
		close(file->fd);
	}
	flash_memory_free(file->bytes, file->len);
	free(file);
}
