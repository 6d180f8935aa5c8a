/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat`: why guests exit, and where their time goes. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/findings/engine.h"
#include "trace/findings/findings_print.h"
#include "trace/findings/guest_places.h"
#include "trace/sources/collector.h"
#include "trace/sources/guest_clock.h"
#include "trace/stat/stat_live.h"
#include "trace/stat/stat_metrics.h"
#include "trace/stat/stat_options.h"
#include "trace/stat/stat_save.h"
#include "trace/stat/stat_session.h"
#include "trace/watch/await.h"
#include "trace/watch/target.h"

#define DEFAULT_INTERVAL 1.0

/* ---- watching ---- */

/* What exits are told apart by costs a little at each such exit: only where that is asked for. */
static enum exit_key key_for(const struct stat_options *options)
{
	switch (options->view.by) {
	case BY_MMIO: return KEY_MMIO;
	case BY_CSR: return KEY_CSR;
	case BY_PC: return KEY_PC;
	default: return options->findings || options->html ? KEY_FINDINGS : KEY_NONE;
	}
}

static void find_device(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size)
{
	guest_places_device(opaque, tgid, value, out, size);
}

/* False after error(). */
static bool choose_names(struct stat_options *options, struct guest_places *places)
{
	if (options->view.by == BY_MMIO)
		options->view.place = find_device;
	if ((options->view.by != BY_PC && !options->findings && !options->html) ||
	    !options->target.process)
		return true;
	if (options->view.by == BY_PC)
		options->view.place = guest_places_function;
	return guest_places_read_kernel(places, &options->kernel_names, &options->target);
}

/* On a terminal that is not the guest's. */
static bool is_live(const struct stat_options *options)
{
	return options->view.format == STAT_TEXT && !options->once && !options->output &&
	       !options->target.command && stat_live_possible();
}

/* A table of nothing says nothing. */
static bool print_seen(struct stat_session *session, bool whole, FILE *out)
{
	return !stat_session_saw(session) || stat_session_print(session, whole, out);
}

/* False after error(): no vCPU was there to be watched. */
static bool saw_something(const struct stat_options *options, const struct stat_session *session)
{
	const struct target *target = &options->target;

	if (stat_session_saw(session) || target->command)
		return true;
	if (!target->process)
		error("--all: no VM ran meanwhile that this user may see: start one, or 'vhart "
		      "stat -- run ...'");
	else if (kill(target->process, 0) < 0 && errno == ESRCH)
		error("process %d: it has ended, and none of its vCPUs was seen before",
		      (int)target->process);
	else
		error("process %d: its VM has no vCPU yet, or no more: it starts, or ends",
		      (int)target->process);
	return false;
}

/* A program that reads the intervals hears of each, also of those before the first vCPU runs. */
static bool print_interval(const struct stat_options *options, struct stat_session *session,
			   FILE *out)
{
	if (options->view.format == STAT_JSON && !options->once)
		return stat_session_print(session, false, out);
	/* Of --once it is all that was watched. */
	return print_seen(session, options->once, out);
}

/*
 * Until a VM that is started has a vCPU (WAKE_TIME): INTERVAL, which --once shows, begins at the
 * look before, a twentieth of it earlier at most.
 */
static enum wake await_vcpu(const struct stat_options *options, struct stat_session *session,
			    int signals, uint64_t interval)
{
	enum wake wake = WAKE_TIME;

	while (wake == WAKE_TIME && !stat_session_saw(session)) {
		wake = await(signals, options->target.pidfd, session->collector,
			     await_soon(clock_now() + interval / 20));
		if (wake == WAKE_TIME &&
		    !(stat_session_reset(session) && stat_session_look(session)))
			return WAKE_FAILED;
	}
	return wake;
}

/* Plain tables until the VM ends, a signal comes, or --once has its own. */
static bool watch(const struct stat_options *options, struct stat_session *session, int signals,
		  FILE *out)
{
	double seconds = options->interval > 0 ? options->interval
			 : options->once       ? DEFAULT_INTERVAL
					       : 0;
	const uint64_t interval = (uint64_t)(seconds * 1e9);
	/* Findings compare intervals, whether there is a table of each or not. */
	const uint64_t step = interval || !session->findings ? interval : FINDINGS_INTERVAL;
	enum wake wake = options->once && options->target.command
				 ? await_vcpu(options, session, signals, interval)
				 : WAKE_TIME;
	uint64_t deadline = step ? session->first.when + step : UINT64_MAX;

	while (wake == WAKE_TIME &&
	       (wake = await(signals, options->target.pidfd, session->collector,
			     stat_session_due(session, deadline))) == WAKE_TIME) {
		stat_session_meet(session);
		if (clock_now() < deadline)
			continue;
		if (!stat_session_look(session) ||
		    (interval && !print_interval(options, session, out)))
			return false;
		if (options->once)
			return true;
		if (interval && stat_session_saw(session))
			fprintf(out, "\n");
		deadline += step;
	}
	if (wake == WAKE_SIGNAL)
		target_stop(&options->target);
	return wake != WAKE_FAILED && stat_session_look(session) &&
	       print_seen(session, !interval, out);
}

/* The table of the whole stays on the screen. */
static bool watch_live(const struct stat_options *options, struct stat_session *session,
		       int signals)
{
	double seconds = options->interval > 0 ? options->interval : DEFAULT_INTERVAL;

	return stat_live(session, signals, options->target.pidfd, (uint64_t)(seconds * 1e9)) &&
	       print_seen(session, true, stdout);
}

static FILE *open_output(const struct stat_options *options)
{
	FILE *out = options->target.command ? stderr : stdout;

	if (!options->output)
		return out;
	out = fopen(options->output, "we");
	if (!out)
		error("%s: %s", options->output, strerror(errno));
	return out;
}

/* An exit status. A place that is wrong is found before a VM that is started runs, as that of -o
 * is. What goes wrong is said, and no VM is nothing wrong. */
static int watch_for_metrics(const struct stat_options *options, struct stat_session *session,
			     int signals)
{
	const double seconds = options->interval > 0 ? options->interval : DEFAULT_INTERVAL;
	struct metrics_place metrics;
	bool good;

	if (!stat_metrics_begin(&metrics, options, session))
		return STATUS_USAGE;
	target_go(&options->target);
	good = stat_metrics(&metrics, options, session, signals, (uint64_t)(seconds * 1e9));
	metrics_place_close(&metrics);
	return good ? STATUS_OK : STATUS_HOST;
}

/* Somebody reads the table of a VM that was started. */
static bool is_read(const struct stat_options *options)
{
	return options->target.command && !options->output && !options->openmetrics &&
	       options->view.format == STAT_TEXT && isatty(STDERR_FILENO);
}

static bool print_findings(const struct stat_options *options, struct stat_session *session,
			   const struct findings_view *view, FILE *out)
{
	if (!session->findings || !stat_session_saw(session))
		return true;
	if (options->findings && options->view.format == STAT_JSON)
		findings_print_json(out, view, session->findings);
	else if (options->findings)
		findings_print(out, view, session->findings);
	else if (is_read(options))
		findings_print_short(out, view, session->findings);
	return fflush(out) == 0;
}

/* Whether it is one that OPTIONS' --fail-on asks for, which error() then names. */
static bool fails(const struct stat_options *options, const struct stat_session *session)
{
	const size_t count = session->findings ? findings_count(session->findings) : 0;

	for (size_t i = 0; i < count; i++) {
		const size_t rule = findings_at(session->findings, i)->rule;

		if (!options->wishes.fail_on[rule])
			continue;
		error("--fail-on %s: there is such a finding", rules[rule].name);
		return true;
	}
	return false;
}

/* An exit status. */
static int watch_as_asked(const struct stat_options *options, struct stat_facts *facts,
			  struct stat_session *session, int signals, FILE *out)
{
	/* What findings are told with. */
	const struct findings_view view = {options->view.vm_name, guest_places_function,
					   options->view.opaque};
	bool good;

	if (options->openmetrics)
		return watch_for_metrics(options, session, signals);
	target_go(&options->target);
	good = is_live(options) ? watch_live(options, session, signals)
				: watch(options, session, signals, out);
	if (good && session->findings && !findings_end(session->findings, &session->now)) {
		error("no memory");
		return STATUS_HOST;
	}
	if (!good || !print_findings(options, session, &view, out)) {
		error("writing the table: %s", strerror(errno));
		return STATUS_HOST;
	}
	if (!saw_something(options, session))
		return STATUS_USAGE;
	if (!stat_save(options, facts, session, &view))
		return STATUS_HOST;
	return fails(options, session) ? STATUS_FOUND : STATUS_OK;
}

/* False: no memory. */
static bool open_history(const struct stat_options *options, struct stat_session *session)
{
	session->history = options->html ? stat_history_new() : NULL;
	return !options->html || session->history;
}

/* False: no memory. */
static bool open_findings(const struct stat_options *options, struct stat_session *session)
{
	struct findings_options wanted = {.device = guest_places_device,
					  .opaque = options->view.opaque};

	if (!options->findings && !options->html && !is_read(options))
		return true;
	memcpy(wanted.thresholds, options->wishes.thresholds, sizeof(wanted.thresholds));
	session->findings = findings_new(&wanted);
	return session->findings != NULL;
}

static int run_session(const struct stat_options *options, struct stat_session *session)
{
	const struct collector_options wanted = {
		.pid = options->target.process,
		.log = options->target.log,
		.key = key_for(options),
		.vcpus = EXIT_VCPUS,
		.tier = options->tier,
	};
	struct collector_refusal refusal = {0};
	/* One that comes while this takes its time ends it as soon as it is ready. */
	int status = STATUS_HOST, signals = await_signals();
	struct stat_facts facts;
	FILE *out = stat_save_begin(options, &facts) ? open_output(options) : NULL;

	if (!out) {
		close(signals);
		return STATUS_USAGE;
	}
	session->view = options->view;
	session->keyed = wanted.key != KEY_NONE;
	session->collector = collector_open(&wanted, &refusal);
	if (!session->collector)
		error("%s: %s", refusal.why, refusal.way_out);
	else if (refusal.why[0])
		warning("%s: %s: %s", collector_lacks(session->collector), refusal.why,
			refusal.way_out);
	if (session->collector && open_findings(options, session) &&
	    open_history(options, session) && stat_session_begin(session))
		status = watch_as_asked(options, &facts, session, signals, out);
	stat_session_free(session);
	findings_free(session->findings);
	stat_history_free(session->history);
	collector_close(session->collector);
	if (signals >= 0)
		close(signals);
	if (options->output && fclose(out) != 0) {
		error("%s: %s", options->output, strerror(errno));
		status = STATUS_HOST;
	}
	return status;
}

int command_stat(int argc, char **argv)
{
	struct stat_session session = {0};
	struct guest_places places = {.sample = &session.now};
	struct stat_options options = {
		.view = {.vm_name = vm_names_get,
			 .opaque = &places,
			 .resolution = guest_clock_resolution()},
	};
	bool help, started;
	int status = target_read_options(&stat_options, argc, argv, &options, &help);

	if (status || help)
		return status ? target_failure(&options.target, status) : STATUS_OK;
	if (!stat_options_agree(&options))
		return target_failure(&options.target, STATUS_USAGE);
	options.view.format = options.json ? STAT_JSON : options.csv ? STAT_CSV : STAT_TEXT;
	started = options.target.command ? target_start(&options.target)
					 : target_find(&options.target);
	if (!started)
		return target_failure(&options.target, STATUS_USAGE);
	if (options.target.process)
		vm_names_put(&places.vms, (uint32_t)options.target.process, options.target.title,
			     options.target.ours);
	status = choose_names(&options, &places) ? run_session(&options, &session) : STATUS_USAGE;
	guest_places_free(&places);
	if (status != STATUS_FOUND)
		return target_end(&options.target, status);
	status = target_end(&options.target, STATUS_OK);
	return status ? status : STATUS_FOUND;
}
