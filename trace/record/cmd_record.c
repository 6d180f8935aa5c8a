/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart record`: where a guest spends its time, sampled from the host into a file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/guest/guest_names.h"
#include "trace/record/record_options.h"
#include "trace/record/record_output.h"
#include "trace/record/recorder.h"
#include "trace/sources/collector.h"
#include "trace/sources/sampling.h"
#include "trace/watch/await.h"
#include "trace/watch/target.h"

/* As a shell says it: and the signal's number. */
#define STATUS_SIGNAL 128

/* Of VMs that come while all are recorded. */
#define MORE_VCPUS 16u

/* Not in step with anything that ticks at a round number. */
#define DEFAULT_FREQUENCY 997u

/* ---- options ---- */

static bool agree(const struct record_options *options)
{
	const struct sampling_options *sampling = &options->sampling;

	if (sampling->frequency && sampling->period)
		error("--freq and --period exclude each other");
	else if (sampling->event == SAMPLE_EXITS && (sampling->frequency || sampling->period))
		error("--event exits: every exit is a sample: --freq and --period do not go with "
		      "it");
	else if (options->files && !options->size)
		error("--files: it says how many of --size are kept: add that");
	else if (options->target.all && (options->names.kallsyms || options->names.vmlinux))
		error("--guestkallsyms and --guestvmlinux name one kernel, and of --all each VM "
		      "has its own: leave them out, or name one VM");
	else if (options->names.kallsyms && options->names.vmlinux)
		error("--guestkallsyms and --guestvmlinux exclude each other");
	else
		return true;
	return false;
}

static void choose_event(struct record_options *options)
{
	struct sampling_options *sampling = &options->sampling;

	options->why = "";
	if (sampling->event == SAMPLE_BEST && sampling_has_cycles()) {
		sampling->event = SAMPLE_CYCLES;
	} else if (sampling->event == SAMPLE_BEST) {
		sampling->event = SAMPLE_CLOCK;
		options->why = "no counter of this host can interrupt (Sscofpmf)";
		note("sampling cpu-clock: %s", options->why);
	}
	if (sampling->period || sampling->frequency || sampling->event == SAMPLE_EXITS)
		return;
	sampling->frequency = sampling_highest_frequency();
	if (sampling->frequency > DEFAULT_FREQUENCY || sampling->event == SAMPLE_CLOCK)
		sampling->frequency = DEFAULT_FREQUENCY;
}

/* ---- recording ---- */

/* What a command that is running needs, in the order in which it is made. */
struct record_session {
	struct record_options *options;
	struct record_vms vms;
	struct record_output output;
	struct collector *collector;
	struct record_findings findings;
	struct recorder *recorder;
	uint64_t start, realtime; /* of the file */
	uint64_t end;		  /* of --time; UINT64_MAX: none */
	int signals, stopped_by;
};

static void fill_header(const struct record_session *session, struct recording_header *header)
{
	struct record_options *options = session->options;
	const struct record_vm *vm = session->vms.several ? NULL : session->vms.vms[0];

	snprintf(header->event, sizeof(header->event), "%s",
		 option_choice_name(record_events, options->sampling.event));
	snprintf(header->why, sizeof(header->why), "%s", options->why);
	snprintf(header->way, sizeof(header->way), "%s", collector_way(session->collector));
	header->period = options->sampling.period;
	header->frequency = options->sampling.frequency;
	header->start = session->start;
	header->realtime = session->realtime;
	header->chains = options->chains;
	header->judged = true;
	if (!vm)
		return;
	memcpy(header->vm, vm->is.name, sizeof(header->vm));
	memcpy(header->kernel, vm->is.kernel, sizeof(header->kernel));
	header->pid = vm->is.pid;
}

/* Whether a signal ends it, before there is anything to record; after one line. */
static bool is_stopped(struct record_session *session)
{
	struct pollfd file = {.fd = session->signals, .events = POLLIN};

	if (session->signals < 0 || poll(&file, 1, 0) <= 0)
		return false;
	session->stopped_by = await_taken(session->signals);
	if (!session->stopped_by)
		return false;
	note("ended by signal %d before it recorded: %s is as it was", session->stopped_by,
	     session->options->output);
	target_stop(&session->options->target);
	return true;
}

/* Not before there may be something to record. False with errno. */
static bool begin(struct record_session *session)
{
	struct recorder_options options = {
		.collector = session->collector,
		.vms = &session->vms,
		.findings = &session->findings,
		.sums = session->options->sampling.event == SAMPLE_EXITS,
		.out = session->output.file,
	};

	if (session->recorder)
		return true;
	if (!record_output_begin(&session->output))
		return false;
	fill_header(session, &options.header);
	session->recorder = recorder_new(&options);
	return session->recorder != NULL;
}

static void start_now(struct record_session *session)
{
	session->start = clock_now();
	session->realtime = clock_ns(CLOCK_REALTIME);
}

/* A file that is full is followed by another one, where there may be more. False with errno. */
static bool follow(struct record_session *session)
{
	FILE *before;
	bool good;

	if (session->output.files == 1 || !record_output_is_full(&session->output))
		return true;
	before = record_output_next(&session->output);
	if (!before)
		return false;
	start_now(session);
	good = recorder_go_on(session->recorder, session->output.file, session->start,
			      session->realtime);
	return fclose(before) == 0 && good;
}

static bool is_over(const struct record_session *session)
{
	return clock_now() >= session->end || record_output_is_full(&session->output);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* False with errno. */
static bool record(struct record_session *session)
{
	const struct target *target = &session->options->target;
	struct collector *collector = session->collector;
	uint64_t after = collector_look_after(collector, 0);
	enum wake wake;

	do {
		wake = await(session->signals, target->pidfd, collector,
			     sooner(clock_now() + after, session->end));
		after = collector_look_after(collector, after);
		if (wake == WAKE_FAILED || !begin(session) || !recorder_drain(session->recorder) ||
		    !follow(session))
			return false;
	} while (wake == WAKE_TIME && !is_over(session));
	if (wake == WAKE_SIGNAL)
		target_stop(target);
	if (!record_findings_end(&session->findings)) {
		errno = ENOMEM;
		return false;
	}
	return recorder_finish(session->recorder);
}

static void say_how_to_lose_less(const struct record_options *options)
{
	uint64_t buffer = options->buffer ? options->buffer : collector_usual_buffer();

	note("the host did not take them in time: --buffer %" PRIu64 "M keeps more of them%s%s",
	     buffer >> 19, options->chains ? "; without -g a buffer holds eight times as many" : "",
	     options->sampling.event == SAMPLE_EXITS ? "" : "; a lower -F makes fewer");
}

static void say_what_came(const struct record_session *session)
{
	struct recorder_counts counts = recorder_counts(session->recorder);
	char host[80] = "", alone[48] = "";

	if (counts.overflows > counts.samples + counts.lost)
		snprintf(host, sizeof(host), " (and %" PRIu64 " while the host ran)",
			 counts.overflows - counts.samples - counts.lost);
	if (counts.alone)
		snprintf(alone, sizeof(alone), ", %" PRIu64 " without callers", counts.alone);
	note("%" PRIu64 " samples of %s%s, %" PRIu64 " lost%s, in %s", counts.samples,
	     option_choice_name(record_events, session->options->sampling.event), host, counts.lost,
	     alone, session->options->output);
	if (counts.lost)
		say_how_to_lose_less(session->options);
	collector_warn_of_room(session->collector);
	if (!session->vms.count)
		note("no VM ran meanwhile");
	else if (!counts.samples && session->options->sampling.event == SAMPLE_CYCLES)
		note("if the guest did run, this host's counter does not interrupt: take -e "
		     "cpu-clock");
}

/* As many as run may come, and a few more; each takes memory of the rings. */
static uint32_t room_for_all(const struct record_vms *vms)
{
	const uint32_t room = 2 * vms->vcpus + MORE_VCPUS;

	return room < EXIT_VCPUS ? room : EXIT_VCPUS;
}

/* The VMs that are there, and their names. False after error(). */
static bool find_vms(struct record_session *session)
{
	struct record_options *options = session->options;
	struct guest_kernel kernel;

	session->vms = (struct record_vms){
		.several = options->target.all,
		.chains = options->chains,
		.no_tasks = options->no_tasks,
		.how = &options->sampling,
	};
	if (session->vms.several)
		return record_vms_add_all(&session->vms);
	target_kernel(&options->target, &kernel);
	/* Not its name by the process: one that is started has no command line of its own yet. */
	return record_vms_add(&session->vms, options->target.title, options->target.process,
			      &options->names, &kernel);
}

static int open_collector(struct record_session *session)
{
	struct record_options *options = session->options;
	const struct collector_options wanted = {
		.pid = options->target.process,
		.vcpus = session->vms.several ? room_for_all(&session->vms)
					      : target_vcpu_room(&options->target, EXIT_VCPUS),
		.traced = options->sampling.event == SAMPLE_EXITS ? CLASS_ALL : 0,
		.sampled = true,
		.stacks = options->chains,
		.tasks = !options->no_tasks,
		.buffer = options->buffer,
	};
	struct collector_refusal refusal;

	session->collector = collector_open(&wanted, &refusal);
	if (!session->collector) {
		error("%s: %s", refusal.why, refusal.way_out);
		return STATUS_HOST;
	}
	return STATUS_OK;
}

static int run_session(struct record_session *session)
{
	struct record_options *options = session->options;

	if (!find_vms(session))
		return STATUS_USAGE;
	session->output = (struct record_output){
		.path = options->output,
		.size = options->size,
		.files = options->files ? options->files : 1,
	};
	if (!record_output_open(&session->output))
		return STATUS_USAGE;
	if (is_stopped(session))
		return STATUS_SIGNAL + session->stopped_by;
	if (open_collector(session) != STATUS_OK)
		return STATUS_HOST;
	record_vms_begin(&session->vms, session->collector, !options->target.command);
	start_now(session);
	session->end =
		options->time > 0 ? session->start + (uint64_t)(options->time * 1e9) : UINT64_MAX;
	if (!record_vms_sample(&session->vms))
		return STATUS_HOST;
	if (is_stopped(session))
		return STATUS_SIGNAL + session->stopped_by;
	session->findings =
		(struct record_findings){.collector = session->collector, .vms = &session->vms};
	if (!record_findings_begin(&session->findings)) {
		error("no memory");
		return STATUS_HOST;
	}
	target_go(&options->target);
	if (!record(session)) {
		error("%s: %s", options->output, strerror(errno));
		return STATUS_HOST;
	}
	say_what_came(session);
	return STATUS_OK;
}

static int open_and_run(struct record_options *options)
{
	static const struct record_session empty = {.signals = -1};
	struct record_session *session = malloc(sizeof(*session));
	int status;

	if (!session) {
		error("no memory");
		return STATUS_HOST;
	}
	*session = empty;
	session->options = options;
	session->signals = await_signals();
	status = run_session(session);
	recorder_free(session->recorder);
	record_findings_free(&session->findings);
	record_vms_free(&session->vms);
	collector_close(session->collector);
	if (session->signals >= 0)
		close(session->signals);
	if (!record_output_close(&session->output) && status == STATUS_OK) {
		error("%s: %s", options->output, strerror(errno));
		status = STATUS_HOST;
	}
	free(session);
	return status;
}

int command_record(int argc, char **argv)
{
	struct record_options options = {.output = "vhart.recording"};
	bool help, found;
	int status = target_read_options(&record_options, argc, argv, &options, &help);

	if (status || help)
		return status ? target_failure(&options.target, status) : STATUS_OK;
	if (!agree(&options))
		return target_failure(&options.target, STATUS_USAGE);
	choose_event(&options);
	found = options.target.command ? target_start(&options.target)
				       : target_find(&options.target);
	if (!found)
		return target_failure(&options.target, STATUS_USAGE);
	return target_end(&options.target, open_and_run(&options));
}
