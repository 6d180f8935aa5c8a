/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"

#define ROOM	 (1u << 20) /* for a disk that is busy for a while */
#define HURRY_MS 200u
#define QUIET_MS 1000u
#define MOST_MS	 10000u

struct console_log {
	const char *path;
	int fd;
	struct writer *writer;
	uint64_t given;	   /* bytes */
	bool late, failed; /* said */
};

static struct console_log *refuse(struct console_log *log, const char *path)
{
	const bool unread = errno == ENXIO;

	error("--console-log %s: %s%s", path, strerror(errno),
	      unread ? ": start what reads this pipe first" : "");
	if (log && log->fd >= 0)
		close(log->fd);
	free(log);
	return NULL;
}

struct console_log *console_log_open(const char *path, bool append)
{
	const int how = append ? O_APPEND : O_TRUNC;
	struct console_log *log = calloc(1, sizeof(*log));

	if (!log)
		return refuse(log, path);
	log->path = path;
	log->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, 0644);
	if (log->fd >= 0)
		log->writer = writer_new(log->fd, ROOM);
	if (!log->writer)
		return refuse(log, path);
	return log;
}

static void say_failed(struct console_log *log)
{
	const int err = writer_error(log->writer);

	if (!err || log->failed)
		return;
	log->failed = true;
	warning("--console-log %s: %s: from here on the console is not in it", log->path,
		strerror(err));
}

void console_log_close(struct console_log *log, bool hurry)
{
	uint64_t missing;

	if (!log)
		return;
	writer_finish(log->writer, hurry ? HURRY_MS : QUIET_MS, hurry ? HURRY_MS : MOST_MS);
	say_failed(log);
	missing = log->given - writer_written(log->writer);
	writer_free(log->writer);
	/* A disk over a network may say only now that it is full. */
	if (close(log->fd) < 0 && !log->failed)
		warning("--console-log %s: %s: it may not have the whole console", log->path,
			strerror(errno));
	if (missing)
		warning("--console-log %s: %" PRIu64 " of the console's %" PRIu64
			" bytes are not in it",
			log->path, missing, log->given);
	free(log);
}

void console_log_put(struct console_log *log, const void *bytes, size_t len)
{
	const size_t done = writer_put(log->writer, bytes, len);

	log->given += len;
	if (done == len || log->late)
		return;
	log->late = true;
	warning("--console-log %s: the file is slower than the console: what it has no room for "
		"is left out",
		log->path);
}

void console_log_go(struct console_log *log)
{
	writer_go(log->writer);
}

int console_log_event(const struct console_log *log)
{
	return writer_event(log->writer);
}

bool console_log_heard(struct console_log *log)
{
	writer_heard(log->writer);
	say_failed(log);
	return !log->failed;
}

int console_log_fd(const struct console_log *log)
{
	return log->fd;
}
