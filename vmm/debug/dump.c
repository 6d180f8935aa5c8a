/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In one write, between which GOES_ON is asked. */
#define PIECE_MOST (4u << 20)

static int write_all(int fd, const uint8_t *bytes, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t wrote = pwrite(fd, bytes, len, (off_t)offset);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? -errno : -ENOSPC;
		bytes += wrote;
		len -= (size_t)wrote;
		offset += (uint64_t)wrote;
	}
	return 0;
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, CORE_PAGE - 1);
}

/* How many bytes from AT on are pages of zeros (ZERO) or of something else. */
static size_t run_length(const struct guest_memory *memory, uint64_t at, bool zero)
{
	uint64_t end = at;

	while (end < memory->size && end - at < PIECE_MOST && is_zero(memory->host + end) == zero)
		end += CORE_PAGE;
	return end - at;
}

static int write_memory(int fd, const struct core *core, bool (*goes_on)(void *), void *context,
			struct dump *dump)
{
	const struct guest_memory *memory = core->memory;
	const uint64_t start = core_head_size(core);
	int result = 0;

	for (uint64_t at = 0; result == 0 && at < memory->size;) {
		size_t len = run_length(memory, at, false);

		result = write_all(fd, memory->host + at, len, start + at);
		dump->written += len;
		at += len;
		at += run_length(memory, at, true);
		if (goes_on && !goes_on(context))
			result = -ECANCELED;
	}
	return result;
}

static int write_head(int fd, const struct core *core)
{
	size_t size = core_head_size(core);
	uint8_t *head = calloc(1, size);
	int result = -ENOMEM;

	if (head) {
		core_make_head(core, head);
		result = write_all(fd, head, size, 0);
	}
	free(head);
	return result;
}

static int write_core(int fd, const struct core *core, bool (*goes_on)(void *), void *context,
		      struct dump *dump)
{
	int result = write_head(fd, core);

	dump->written = core_head_size(core);
	dump->size = dump->written + core->memory->size;
	if (result == 0)
		result = write_memory(fd, core, goes_on, context, dump);
	/* A hole at the end is there by the file's size only. */
	if (result == 0 && ftruncate(fd, (off_t)dump->size) < 0)
		result = -errno;
	return result;
}

static bool fail(int reason, char why[DUMP_WHY_MAX])
{
	const char *words = reason == EEXIST	  ? "it exists, and is not written over"
			    : reason == ECANCELED ? "the machine ended meanwhile"
						  : strerror(reason);

	snprintf(why, DUMP_WHY_MAX, "%s", words);
	return false;
}

bool dump_write(const char *path, const struct core *core, bool (*goes_on)(void *), void *context,
		struct dump *dump, char why[DUMP_WHY_MAX])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return fail(errno, why);
	result = write_core(fd, core, goes_on, context, dump);
	/* Some file systems say only now that there was no room. */
	if (close(fd) < 0 && result == 0)
		result = -errno;
	if (result == 0)
		return true;
	unlink(path);
	return fail(-result, why);
}
