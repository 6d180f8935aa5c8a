/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "trace/stat/metrics_server.h"
#include "trace/stat/replaced_file.h"
#include "trace/watch/await.h"

#define OPTION "--openmetrics"

/* Of this moment (a metrics_text). */
static char *make_text(void *opaque, size_t *len)
{
	struct stat_session *session = opaque;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	bool good = out && stat_session_look(session) && stat_session_openmetrics(session, out);

	if (out && fclose(out) != 0)
		good = false;
	if (good)
		return text;
	free(text);
	return NULL;
}

static bool write_file(const char *path, struct stat_session *session)
{
	size_t len;
	char *text = make_text(session, &len);

	if (!text)
		error(OPTION " %s: no memory", path);
	const bool good = text && replaced_file_write(OPTION, path, text, len);
	free(text);
	return good;
}

static bool failed_to_wait(enum wake wake)
{
	if (wake == WAKE_FAILED)
		error(OPTION ": waiting for VMs failed");
	return wake == WAKE_FAILED;
}

/* At the end it has all that came. */
static bool keep_file(const char *path, const struct stat_options *options,
		      struct stat_session *session, int signals, uint64_t interval)
{
	uint64_t deadline = clock_now() + interval;
	enum wake wake;

	while ((wake = await(signals, options->target.pidfd, session->collector,
			     await_soon(deadline))) == WAKE_TIME) {
		stat_session_meet(session);
		if (clock_now() < deadline)
			continue;
		if (options->once)
			break;
		if (!write_file(path, session))
			return false;
		deadline += interval;
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	return !failed_to_wait(wake) && write_file(path, session);
}

static bool answer_socket(struct metrics_server *server, const struct stat_options *options,
			  struct stat_session *session, int signals)
{
	enum wake wake;

	while ((wake = await_file(signals, options->target.pidfd, session->collector,
				  await_soon(UINT64_MAX), metrics_server_fd(server))) ==
		       WAKE_TIME ||
	       wake == WAKE_KEY) {
		stat_session_meet(session);
		metrics_server_serve(server);
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	return !failed_to_wait(wake);
}

bool stat_metrics_begin(struct stat_metrics *metrics, const struct stat_options *options,
			struct stat_session *session)
{
	static const char unix_path[] = "unix=";

	*metrics = (struct stat_metrics){.path = options->openmetrics};
	if (!strncmp(metrics->path, unix_path, sizeof(unix_path) - 1)) {
		metrics->path += sizeof(unix_path) - 1;
		metrics->server = metrics_server_new(metrics->path, make_text, session);
		return metrics->server != NULL;
	}
	/* What an earlier run wrote stays until there is something in its place. */
	return options->once ? replaced_file_can(OPTION, metrics->path)
			     : write_file(metrics->path, session);
}

bool stat_metrics(const struct stat_metrics *metrics, const struct stat_options *options,
		  struct stat_session *session, int signals, uint64_t interval)
{
	if (metrics->server)
		return answer_socket(metrics->server, options, session, signals);
	return keep_file(metrics->path, options, session, signals, interval);
}

void stat_metrics_end(struct stat_metrics *metrics)
{
	metrics_server_free(metrics->server);
	metrics->server = NULL;
}
