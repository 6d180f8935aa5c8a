/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/disk_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What can be done with an image, by QEMU's numbers. */
enum {
	PERMIT_READ,
	PERMIT_WRITE,
	PERMIT_WRITE_UNCHANGED, /* contents that are there already */
	PERMIT_RESIZE,
	PERMITS
};

/* Whoever does N has a lock of byte DONE + N, who cannot have others do N one of DENIED + N. All
 * locks are shared ones: that one is there is what counts. */
#define DONE   100
#define DENIED 200

#define BIT(permit) (1u << (permit))

static const struct {
	unsigned int done, denied;
} uses[] = {
	[DISK_READ] = {BIT(PERMIT_READ), BIT(PERMIT_WRITE) | BIT(PERMIT_RESIZE)},
	[DISK_WRITE] = {BIT(PERMIT_READ) | BIT(PERMIT_WRITE),
			BIT(PERMIT_WRITE) | BIT(PERMIT_RESIZE)},
	[DISK_READ_SHARED] = {BIT(PERMIT_READ), 0},
	[DISK_WRITE_SHARED] = {BIT(PERMIT_READ) | BIT(PERMIT_WRITE), 0},
};

static int set(int fd, short type, off_t from, off_t len)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = len};

	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES ? EAGAIN : errno;
}

/* EAGAIN: another open file has a lock of this byte. */
static int look(int fd, off_t at)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return errno;
	return lock.l_type == F_UNLCK ? 0 : EAGAIN;
}

static int take(int fd, unsigned int done, unsigned int denied)
{
	int result = 0;

	for (unsigned int i = 0; i < PERMITS && result == 0; i++) {
		if (done & BIT(i))
			result = set(fd, F_RDLCK, DONE + i, 1);
		if (result == 0 && denied & BIT(i))
			result = set(fd, F_RDLCK, DENIED + i, 1);
	}
	return result;
}

/* After take(): of two that come at once none may miss the other. */
static int look_at_others(int fd, unsigned int done, unsigned int denied)
{
	int result = 0;

	for (unsigned int i = 0; i < PERMITS && result == 0; i++) {
		if (done & BIT(i))
			result = look(fd, DENIED + i);
		if (result == 0 && denied & BIT(i))
			result = look(fd, DONE + i);
	}
	return result;
}

int disk_lock(int fd, enum disk_use use)
{
	int result = take(fd, uses[use].done, uses[use].denied);

	if (result == 0)
		result = look_at_others(fd, uses[use].done, uses[use].denied);
	if (result != 0)
		disk_unlock(fd);
	return result;
}

void disk_unlock(int fd)
{
	set(fd, F_UNLCK, 0, 0);
}
