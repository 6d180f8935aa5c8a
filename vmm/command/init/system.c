/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/init/system.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>

int sys_open(const char *path, int flags)
{
	return (int)CALL4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

long sys_read(int fd, void *bytes, size_t len)
{
	return CALL3(SYS_read, fd, bytes, len);
}

long sys_write(int fd, const void *bytes, size_t len)
{
	return CALL3(SYS_write, fd, bytes, len);
}

void sys_close(int fd)
{
	CALL1(SYS_close, fd);
}

bool sys_exists(const char *path)
{
	return CALL3(SYS_faccessat, AT_FDCWD, path, 0) == 0;
}

long sys_fork(void)
{
	return CALL5(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

void sys_exit(int status)
{
	for (;;)
		CALL1(SYS_exit_group, status);
}

void sys_sleep_ms(unsigned int ms)
{
	const struct timespec time = {.tv_nsec = (long)ms * 1000000};

	CALL2(SYS_nanosleep, &time, NULL);
}

/* ---- texts ---- */

bool text_equal(const char *a, const char *b)
{
	return !strcmp(a, b);
}

bool text_join(char *path, size_t size, const char *folder, const char *name)
{
	size_t folder_len = strlen(folder), name_len = strlen(name);

	if (folder_len + 1 + name_len >= size)
		return false;
	memcpy(path, folder, folder_len);
	path[folder_len] = '/';
	memcpy(path + folder_len + 1, name, name_len + 1);
	return true;
}

/* ---- folders ---- */

/* As getdents64() fills it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

static bool is_dots(const char *name)
{
	return text_equal(name, ".") || text_equal(name, "..");
}

void each_name(const char *folder, bool (*visit)(const char *name, void *opaque), void *opaque)
{
	_Alignas(struct entry) char bytes[2048];
	int fd = sys_open(folder, O_RDONLY | O_DIRECTORY);
	bool more = fd >= 0;

	while (more) {
		long len = CALL3(SYS_getdents64, fd, bytes, sizeof(bytes));

		more = len > 0;
		for (long at = 0; at < len && more;) {
			const struct entry *entry = (const struct entry *)(bytes + at);

			more = is_dots(entry->name) || visit(entry->name, opaque);
			at += entry->len;
		}
	}
	if (fd >= 0)
		sys_close(fd);
}
