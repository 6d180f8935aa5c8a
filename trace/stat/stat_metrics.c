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

/* It is there from the beginning, and at the end has all that came. */
static bool keep_file(const struct stat_options *options, struct stat_session *session, int signals,
		      uint64_t interval)
{
	uint64_t deadline = clock_now() + interval;
	enum wake wake;

	if (!options->once && !write_file(options->openmetrics, session))
		return false;
	while ((wake = await(signals, options->target.pidfd, session->collector,
			     await_soon(deadline))) == WAKE_TIME) {
		stat_session_meet(session);
		if (clock_now() < deadline)
			continue;
		if (options->once)
			break;
		if (!write_file(options->openmetrics, session))
			return false;
		deadline += interval;
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	return !failed_to_wait(wake) && write_file(options->openmetrics, session);
}

static bool answer_socket(const struct stat_options *options, const char *path,
			  struct stat_session *session, int signals)
{
	struct metrics_server *server = metrics_server_new(path, make_text, session);
	enum wake wake;

	if (!server)
		return false;
	while ((wake = await_file(signals, options->target.pidfd, session->collector,
				  await_soon(UINT64_MAX), metrics_server_fd(server))) ==
		       WAKE_TIME ||
	       wake == WAKE_KEY) {
		stat_session_meet(session);
		metrics_server_serve(server);
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	metrics_server_free(server);
	return !failed_to_wait(wake);
}

bool stat_metrics(const struct stat_options *options, struct stat_session *session, int signals,
		  uint64_t interval)
{
	static const char unix_path[] = "unix=";

	if (!strncmp(options->openmetrics, unix_path, sizeof(unix_path) - 1))
		return answer_socket(options, options->openmetrics + sizeof(unix_path) - 1, session,
				     signals);
	return keep_file(options, session, signals, interval);
}
