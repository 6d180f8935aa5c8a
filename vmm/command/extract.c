/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"
#include "vmm/command/file_stream.h"
#include "vmm/config.h"

#define ROOM (256u << 10)

struct extract {
	const struct config_extract *config;
	char temporary[PATH_MAX]; /* "": there is none */
	int fd;
	struct writer *writer;
	struct loop_watch watch;
};

struct extracts {
	unsigned int count;
	struct extract each[CONFIG_MAX_EXTRACTS];
	struct file_stream stream;
	struct loop *loop;
	void (*ready)(void *opaque);
	void *opaque;
};

static bool open_one(struct extract *extract, const struct config_extract *config)
{
	const char *path = config->host_path;
	int len = snprintf(extract->temporary, sizeof(extract->temporary), "%s.%d.part", path,
			   (int)getpid());

	extract->config = config;
	errno = ENAMETOOLONG;
	if (len < (int)sizeof(extract->temporary))
		extract->fd =
			open(extract->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (extract->fd < 0) {
		error("--extract %s:%s: %s: %s", config->guest_path, path, extract->temporary,
		      strerror(errno));
		extract->temporary[0] = '\0';
		return false;
	}
	extract->writer = writer_new(extract->fd, ROOM);
	if (!extract->writer)
		error("--extract %s:%s: no thread for it: %s: raise the limit of processes "
		      "(ulimit -u)",
		      config->guest_path, path, strerror(errno));
	return extract->writer != NULL;
}

struct extracts *extracts_new(const struct config *config)
{
	struct extracts *extracts = calloc(1, sizeof(*extracts));

	if (!extracts) {
		error("--extract: no memory");
		return NULL;
	}
	extracts->stream.files = config->extract_count;
	for (unsigned int i = 0; i < config->extract_count; i++) {
		extracts->each[i].fd = -1;
		extracts->count++;
		if (!open_one(&extracts->each[i], &config->extracts[i])) {
			extracts_free(extracts);
			return NULL;
		}
	}
	return extracts;
}

void extracts_free(struct extracts *extracts)
{
	if (!extracts)
		return;
	for (unsigned int i = 0; i < extracts->count; i++) {
		struct extract *extract = &extracts->each[i];

		writer_free(extract->writer);
		if (extract->fd >= 0)
			close(extract->fd);
		if (extract->temporary[0])
			unlink(extract->temporary);
	}
	free(extracts);
}

static void writer_ready(struct loop_watch *watch, short revents)
{
	struct extracts *extracts = watch->opaque;

	(void)revents;
	for (unsigned int i = 0; i < extracts->count; i++) {
		writer_heard(extracts->each[i].writer);
		/* It would be ready for ever. What comes for it then goes nowhere. */
		if (writer_error(extracts->each[i].writer) && &extracts->each[i].watch == watch)
			loop_watch_remove(extracts->loop, watch);
	}
	extracts->ready(extracts->opaque);
}

void extracts_watch(struct extracts *extracts, struct loop *loop, void (*ready)(void *opaque),
		    void *opaque)
{
	extracts->loop = loop;
	extracts->ready = ready;
	extracts->opaque = opaque;
	for (unsigned int i = 0; i < extracts->count; i++) {
		struct extract *extract = &extracts->each[i];

		extract->watch = (struct loop_watch){.fd = writer_event(extract->writer),
						     .events = POLLIN,
						     .ready = writer_ready,
						     .opaque = extracts};
		loop_watch_add(loop, &extract->watch);
	}
}

size_t extracts_take(struct extracts *extracts, const void *bytes, size_t len, const char **wrong)
{
	struct file_stream *stream = &extracts->stream;
	const char *before = stream->wrong;
	const uint8_t *from = bytes;
	size_t taken = 0, payload = 0, put = 0;

	while (taken < len && put == payload) {
		taken += file_stream_hear(stream, from + taken, len - taken, &payload);
		put = 0;
		if (!payload)
			continue;
		struct writer *writer = extracts->each[stream->file].writer;
		put = writer_put(writer, from + taken, payload);
		writer_go(writer);
		file_stream_took(stream, put);
		taken += put;
	}
	*wrong = before ? NULL : stream->wrong;
	return taken;
}

bool extracts_through(struct extracts *extracts)
{
	bool through = true;

	for (unsigned int i = 0; i < extracts->count; i++) {
		writer_tell_empty(extracts->each[i].writer);
		through = writer_left(extracts->each[i].writer) == 0 && through;
	}
	return through;
}

/* 0, or the errno for which there is no such file; HOST: it is this host's. */
static int ending_of(const struct extracts *extracts, unsigned int i, bool *host)
{
	const struct extract *extract = &extracts->each[i];

	*host = true;
	if (writer_error(extract->writer))
		return writer_error(extract->writer);
	if (i < extracts->stream.file && !extracts->stream.errors[i])
		return rename(extract->temporary, extract->config->host_path) < 0 ? errno : 0;
	*host = false;
	return i < extracts->stream.file ? (int)extracts->stream.errors[i] : EIO;
}

bool extracts_finish(struct extracts *extracts)
{
	bool all = true;

	for (unsigned int i = 0; i < extracts->count; i++) {
		struct extract *extract = &extracts->each[i];
		const struct config_extract *config = extract->config;
		bool host;
		const int failed = ending_of(extracts, i, &host);

		if (failed)
			error("--extract %s:%s: %s%s", config->guest_path, config->host_path,
			      host ? "" : "in the guest: ", strerror(failed));
		else
			extract->temporary[0] = '\0';
		all = all && !failed;
	}
	return all;
}
