/* SPDX-License-Identifier: Apache-2.0 */

#include "base/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"

#define HURRY_MS 200u
#define QUIET_MS 1000u
#define MOST_MS	 10000u

bool output_file_open(struct output_file *file, const char *option, const char *path, bool append,
		      size_t room)
{
	const int how = append ? O_APPEND : O_TRUNC;

	*file = (struct output_file){.option = option, .path = path};
	file->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, 0644);
	if (file->fd >= 0)
		file->writer = writer_new(file->fd, room);
	if (file->writer)
		return true;
	error("%s%s: %s%s", option, path, strerror(errno),
	      errno == ENXIO ? ": start what reads this pipe first" : "");
	if (file->fd >= 0)
		close(file->fd);
	return false;
}

static void say_failed(struct output_file *file)
{
	const int err = writer_error(file->writer);

	if (!err || file->failed)
		return;
	file->failed = true;
	warning("%s%s: %s: nothing more is written to it", file->option, file->path, strerror(err));
}

void output_file_close(struct output_file *file, bool hurry)
{
	uint64_t missing;

	if (!file->writer)
		return;
	writer_finish(file->writer, hurry ? HURRY_MS : QUIET_MS, hurry ? HURRY_MS : MOST_MS);
	say_failed(file);
	missing = file->lost + file->given - writer_written(file->writer);
	writer_free(file->writer);
	file->writer = NULL;
	/* A disk over a network may say only now that it is full. */
	if (close(file->fd) < 0 && !file->failed)
		warning("%s%s: %s: it may not have all of it", file->option, file->path,
			strerror(errno));
	if (missing)
		warning("%s%s: %" PRIu64 " of %" PRIu64 " bytes are not in it", file->option,
			file->path, missing, file->lost + file->given);
}

size_t output_file_put(struct output_file *file, const void *bytes, size_t len)
{
	const size_t done = writer_put(file->writer, bytes, len);

	file->given += done;
	return done;
}

void output_file_lose(struct output_file *file, size_t len)
{
	file->lost += len;
}

bool output_file_heard(struct output_file *file)
{
	writer_heard(file->writer);
	say_failed(file);
	return !file->failed;
}
