/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/machine/console_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/output_file.h"
#include "base/writer.h"

#define ROOM (1u << 20) /* for a disk that is busy for a while */

struct console_log {
	struct output_file file;
	bool late; /* said */
};

struct console_log *console_log_open(const char *path, bool append)
{
	struct console_log *log = calloc(1, sizeof(*log));

	if (!log) {
		error("--console-log %s: %s", path, strerror(errno));
		return NULL;
	}
	if (output_file_open(&log->file, "--console-log ", path, append, ROOM))
		return log;
	free(log);
	return NULL;
}

void console_log_close(struct console_log *log, bool hurry)
{
	if (log)
		output_file_close(&log->file, hurry);
	free(log);
}

void console_log_put(struct console_log *log, const void *bytes, size_t len)
{
	const size_t done = output_file_put(&log->file, bytes, len);

	output_file_lose(&log->file, len - done);
	if (done == len || log->late)
		return;
	log->late = true;
	warning("--console-log %s: the file is slower than the console: what it has no room for "
		"is left out",
		log->file.path);
}

void console_log_go(struct console_log *log)
{
	writer_go(log->file.writer);
}

int console_log_event(const struct console_log *log)
{
	return writer_event(log->file.writer);
}

bool console_log_heard(struct console_log *log)
{
	return output_file_heard(&log->file);
}

int console_log_fd(const struct console_log *log)
{
	return log->file.fd;
}
