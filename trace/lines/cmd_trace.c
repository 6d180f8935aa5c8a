/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart trace`: strace for a guest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/lines/tracer.h"
#include "trace/names/device_names.h"
#include "trace/sources/guest_clock.h"
#include "trace/stat/stat_sample.h"
#include "trace/watch/await.h"

/* How often the rings are emptied. They hold twenty times what comes in between. */
#define LOOK_NS 10000000u

struct trace_session {
	struct trace_options *options;
	struct tracer tracer;
	struct timeline timeline;
	int signals;
};

/* Until the VM ends, a signal comes, or there are lines enough: then a VM that was started goes on
 * without being seen. */
static bool watch(struct trace_session *session)
{
	struct tracer *tracer = &session->tracer;
	const struct target *target = &session->options->target;
	uint64_t deadline = clock_now();
	enum wake wake = WAKE_TIME;

	while (wake == WAKE_TIME && !tracer->full) {
		deadline += LOOK_NS;
		wake = await(session->signals, target->pidfd, tracer->collector, deadline);
		if (wake == WAKE_FAILED || !tracer_look(tracer, wake != WAKE_TIME))
			return false;
	}
	if (wake == WAKE_TIME && target->command)
		wake = await(session->signals, target->pidfd, tracer->collector, 0);
	if (wake == WAKE_SIGNAL)
		target_stop(target);
	return true;
}

static bool print_summary(const struct tracer *tracer, uint64_t wall)
{
	struct stat_sample sample;
	const struct stat_view view = {
		.format = tracer->options->view.json ? STAT_JSON : STAT_TEXT,
		.way = collector_way(tracer->collector),
		.resolution = guest_clock_resolution(),
		.vm_name = vm_names_get,
		.opaque = &tracer->options->names,
	};
	bool good;

	collector_poll(tracer->collector);
	if (!collector_seen(tracer->collector))
		return true;
	good = stat_sample_new(&sample) && stat_sample_take(&sample, tracer->collector, false) &&
	       stat_print(tracer->out, &view, &sample, wall);

	stat_sample_free(&sample);
	return good;
}

/* The file that OPTIONS name, else where lines go. */
static FILE *open_output(const struct trace_options *options)
{
	const char *path = options->perfetto ? options->perfetto : options->output;
	FILE *out = options->target.command ? stderr : stdout;

	if (!path)
		return out;
	out = fopen(path, "we");
	if (!out)
		error("%s: %s", path, strerror(errno));
	return out;
}

static bool close_output(const struct trace_options *options, FILE *out)
{
	const char *path = options->perfetto ? options->perfetto : options->output;

	if (!path || fclose(out) == 0)
		return true;
	error("%s: %s", path, strerror(errno));
	return false;
}

static bool device_of(void *opaque, uint32_t pid, uint64_t address, char *out, size_t size)
{
	return vm_names_ours(opaque, pid) && device_name(address, out, size);
}

static void begin_timeline(struct trace_session *session)
{
	struct timeline *timeline = &session->timeline;
	const struct perfetto_clocks clocks = {
		.monotonic_ns = clock_ns(CLOCK_MONOTONIC),
		.boottime_ns = clock_ns(CLOCK_BOOTTIME),
		.realtime_ns = clock_ns(CLOCK_REALTIME),
	};

	timeline->states = session->options->classes == CLASS_ALL;
	timeline->device = device_of;
	timeline->opaque = &session->options->names;
	perfetto_open(&timeline->perfetto, perfetto_write_file, session->tracer.out, &clocks);
	session->tracer.timeline = timeline;
}

static void begin_lines(struct trace_session *session)
{
	struct trace_options *options = session->options;
	const struct collector *collector = session->tracer.collector;

	options->view.start = clock_now();
	options->view.last = options->view.start;
	options->view.realtime = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC);
	if (!options->only_summary)
		trace_print_header(session->tracer.out, &options->view, collector_way(collector),
				   guest_clock_resolution());
}

/* Everything is attached. */
static bool trace(struct trace_session *session)
{
	struct trace_options *options = session->options;
	uint64_t start = clock_now();

	session->tracer.timebase = guest_clock_timebase();
	if (options->perfetto)
		begin_timeline(session);
	else
		begin_lines(session);
	target_go(&options->target);
	return watch(session) && (!(options->summary || options->only_summary) ||
				  print_summary(&session->tracer, clock_now() - start));
}

static int run_session(struct trace_session *session)
{
	struct trace_options *options = session->options;
	struct tracer *tracer = &session->tracer;
	const struct collector_options wanted = {
		.pid = options->target.process,
		.log = -1,
		.vcpus = target_vcpu_room(&options->target, EXIT_VCPUS),
		.traced = options->only_summary ? 0 : options->classes,
		.text = options->string,
		.lcofi = options->paths,
		.tier = options->tier,
		.buffer = options->buffer,
	};
	struct collector_refusal refusal;
	int status = STATUS_HOST;

	tracer->options = options;
	/* One that comes while this takes its time ends it as soon as it is ready. */
	session->signals = await_signals();
	tracer->out = open_output(options);
	if (!tracer->out)
		return STATUS_USAGE;
	tracer->collector = collector_open(&wanted, &refusal);
	if (!tracer->collector)
		error("%s: %s", refusal.why, refusal.way_out);
	else if (trace(session))
		status = STATUS_OK;
	else
		error("writing the trace: %s", strerror(errno));
	if (tracer->collector)
		collector_warn_of_room(tracer->collector);
	tracer_free(tracer);
	collector_close(tracer->collector);
	if (session->signals >= 0)
		close(session->signals);
	return close_output(options, tracer->out) ? status : STATUS_HOST;
}

int command_trace(int argc, char **argv)
{
	struct trace_options options = {.view = {.device = device_of}};
	struct trace_session *session = calloc(1, sizeof(*session));
	bool help, found;
	int status = trace_read_options(argc, argv, &options, &help);

	if (!session)
		error("no memory");
	if (status || help || !session) {
		free(session);
		return help ? STATUS_OK
			    : target_failure(&options.target, status ? status : STATUS_HOST);
	}
	found = options.target.command ? target_start(&options.target)
				       : target_find(&options.target);
	if (!found) {
		free(session);
		return target_failure(&options.target, STATUS_USAGE);
	}
	options.view.opaque = &options.names;
	if (options.target.process)
		vm_names_put(&options.names, (uint32_t)options.target.process, options.target.title,
			     options.target.ours);
	session->options = &options;
	session->signals = -1;
	status = target_end(&options.target, run_session(session));
	free(session);
	return status;
}
