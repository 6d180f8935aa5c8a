/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
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

static bool failed_to_wait(enum wake wake)
{
	if (wake == WAKE_FAILED)
		error(OPTION ": waiting for VMs failed");
	return wake == WAKE_FAILED;
}

/* At the end it has all that came. */
static bool keep_file(const struct metrics_place *place, const struct stat_options *options,
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
		if (!metrics_place_write(place))
			return false;
		deadline += interval;
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	return !failed_to_wait(wake) && metrics_place_write(place);
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

bool stat_metrics_begin(struct metrics_place *place, const struct stat_options *options,
			struct stat_session *session)
{
	if (!metrics_place_open(place, options->openmetrics, make_text, session))
		return false;
	/* What an earlier run wrote stays until there is something in its place. */
	return options->once ? metrics_place_can(place) : metrics_place_write(place);
}

bool stat_metrics(const struct metrics_place *place, const struct stat_options *options,
		  struct stat_session *session, int signals, uint64_t interval)
{
	if (place->server)
		return answer_socket(place->server, options, session, signals);
	return keep_file(place, options, session, signals, interval);
}
