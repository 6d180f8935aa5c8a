/* SPDX-License-Identifier: Apache-2.0 */
/* The host's ends of serial ports: files, terminals, sockets. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket_path.h"
#include "base/writer.h"
#include "vmm/run/serial_private.h"

#define FILE_ROOM (256u << 10)

/* ---- a file ---- */

static bool open_file(struct serial *serial)
{
	return output_file_open(&serial->file, "--serial file=", serial->config->path,
				serial->config->append, FILE_ROOM);
}

static ssize_t write_file(struct serial *serial, const void *bytes, size_t len)
{
	const size_t done = output_file_put(&serial->file, bytes, len);

	writer_go(serial->file.writer);
	return (ssize_t)done;
}

/* ---- a terminal ---- */

static bool make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return false;
	/* Else what the guest writes would come back to it. */
	cfmakeraw(&mode);
	return tcsetattr(fd, TCSANOW, &mode) == 0;
}

static bool open_terminal(struct serial *serial)
{
	char path[64] = "";

	serial->line = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (serial->line >= 0 && grantpt(serial->line) == 0 && unlockpt(serial->line) == 0 &&
	    ptsname_r(serial->line, path, sizeof(path)) == 0)
		serial->held = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (serial->held < 0 || !make_raw(serial->held)) {
		error("--serial pty: no terminal for it: %s: is /dev/pts mounted?",
		      strerror(errno));
		return false;
	}
	note("%s: %s", serial->name, path);
	return true;
}

/* ---- a socket ---- */

/* Nothing is waited for: who has knocked may be gone. */
static bool open_socket(struct serial *serial)
{
	const char *path = serial->config->path;

	serial->listener = socket_path_listen("--serial unix", path);
	if (serial->listener < 0)
		return false;
	fcntl(serial->listener, F_SETFL, O_NONBLOCK);
	if (lstat(path, &serial->own) < 0)
		serial->own = (struct stat){.st_ino = 0};
	return true;
}

bool serial_end_accept(struct serial *serial, bool *exhausted)
{
	serial->line = accept4(serial->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	*exhausted = serial->line < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
	return serial->line >= 0;
}

/* ---- all of them ---- */

static bool open_nothing(struct serial *serial)
{
	(void)serial;
	return true;
}

static ssize_t write_line(struct serial *serial, const void *bytes, size_t len)
{
	ssize_t done;

	if (serial->config->kind == SERIAL_UNIX)
		done = send(serial->line, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	else
		done = write(serial->line, bytes, len);
	if (done >= 0)
		return done;
	return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static bool (*const openers[])(struct serial *serial) = {
	[SERIAL_FILE] = open_file,    [SERIAL_PTY] = open_terminal,  [SERIAL_UNIX] = open_socket,
	[SERIAL_NULL] = open_nothing, [SERIAL_STDIO] = open_nothing,
};

bool serial_end_open(struct serial *serial)
{
	return openers[serial->config->kind](serial);
}

ssize_t serial_end_write(struct serial *serial, const void *bytes, size_t len)
{
	return serial->file.writer ? write_file(serial, bytes, len)
				   : write_line(serial, bytes, len);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void serial_end_close(struct serial *serial, bool hurry)
{
	output_file_close(&serial->file, hurry);
	if (serial->lost)
		verbose("%s: %" PRIu64 " bytes were lost: nobody read them in time", serial->name,
			serial->lost);
	if (serial->listener >= 0)
		socket_path_remove(serial->config->path, &serial->own);
	close_if_open(serial->line);
	close_if_open(serial->held);
	close_if_open(serial->listener);
}
