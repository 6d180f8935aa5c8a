/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/kept_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The size, or when it was last written: what a write in place changes. */
static bool is_as_it_was(const struct kept_file *kept)
{
	struct stat now;

	return fstat(kept->fd, &now) == 0 && now.st_size == kept->first.st_size &&
	       now.st_mtim.tv_sec == kept->first.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == kept->first.st_mtim.tv_nsec;
}

static bool open_first(struct kept_file *kept, const char *what, const char *path)
{
	int fd = file_open(what, path);

	if (fd < 0)
		return false;
	if (fstat(fd, &kept->first) < 0) {
		error("%s %s: %s", what, path, strerror(errno));
		close(fd);
		return false;
	}
	kept->fd = fd;
	kept->open = true;
	return true;
}

bool kept_file_load(struct kept_file *kept, const char *what, const char *path, uint64_t limit,
		    const char *way_out, struct blob *blob)
{
	*blob = (struct blob){0};
	if (!kept->open && !open_first(kept, what, path))
		return false;
	if (!file_load_open(kept->fd, what, path, limit, way_out, blob))
		return false;
	if (is_as_it_was(kept))
		return true;
	error("%s %s was written to while the VM ran: the guest cannot boot again what it booted "
	      "before; put a new file in its place rather than new contents (mv, install)",
	      what, path);
	blob_free(blob);
	return false;
}

void kept_file_close(struct kept_file *kept)
{
	if (kept->open)
		close(kept->fd);
	kept->open = false;
}
