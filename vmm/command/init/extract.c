/* SPDX-License-Identifier: Apache-2.0 */
/* --extract: files of the guest go to vhart when CMD has ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "vmm/command/init/init.h"
#include "vmm/command/init/system.h"

#define PIECE (64u << 10)

static const char list_path[] = "/" COMMAND_EXTRACTS_PATH;

/* A message, and the bytes that follow it. */
struct piece {
	struct command_message message;
	uint8_t bytes[PIECE];
};

size_t extracts_wanted(char *paths, size_t size)
{
	int fd = sys_open(list_path, O_RDONLY);
	size_t len = 0;
	long got = fd < 0 ? 0 : 1;

	while (got > 0 && len < size) {
		got = sys_read(fd, paths + len, size - len);
		len += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		sys_close(fd);
	CALL3(SYS_unlinkat, AT_FDCWD, list_path, 0);
	return len;
}

/* The port takes it when vhart has written what came before. */
static void put(int port, const void *bytes, size_t len)
{
	while (len) {
		long result = sys_write(port, bytes, len);

		if (result == -EAGAIN || result == -EINTR) {
			struct pollfd room = {.fd = port, .events = POLLOUT};

			CALL5(SYS_ppoll, &room, 1, NULL, NULL, 0);
			continue;
		}
		if (result <= 0)
			return;
		bytes = (const uint8_t *)bytes + result;
		len -= (size_t)result;
	}
}

static void send(int port, const char *path)
{
	static struct piece piece;
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	long got = fd;

	while (fd >= 0 && (got = sys_read(fd, piece.bytes, PIECE)) > 0) {
		piece.message = (struct command_message){COMMAND_FILE_BYTES, (uint32_t)got};
		put(port, &piece, sizeof(piece.message) + (size_t)got);
	}
	if (fd >= 0)
		sys_close(fd);
	piece.message = (struct command_message){COMMAND_FILE_END, got < 0 ? (uint32_t)-got : 0};
	put(port, &piece.message, sizeof(piece.message));
}

void extracts_send(int port, const char *paths, size_t len)
{
	for (size_t at = 0; at < len; at += strlen(paths + at) + 1)
		send(port, paths + at);
}
