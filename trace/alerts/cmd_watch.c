/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart watch`: findings as they begin and are over, without end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "trace/alerts/baseline.h"
#include "trace/alerts/teller.h"
#include "trace/alerts/watch_options.h"
#include "trace/commands.h"
#include "trace/findings/guest_places.h"
#include "trace/sources/guest_clock.h"
#include "trace/stat/metrics_place.h"
#include "trace/stat/stat_save.h"
#include "trace/stat/stat_session.h"
#include "trace/watch/await.h"

/* What the commands of the last findings have to end in. */
#define LAST_COMMANDS_NS (10 * NS_PER_S)
/* A collector gives no place back. One with so many in use makes room for another, no sooner than
 * this after the one before. */
#define WORN_VCPUS (EXIT_VCPUS * 3 / 4)
#define WORN_KEYS  4096u
#define WORN_NS	   (60 * NS_PER_S)

struct watching {
	struct watch_options *options;
	struct guest_places places;
	struct stat_session session;
	struct findings_view view;
	struct alert_counts counts;
	struct baseline baseline;
	struct teller teller;
	struct metrics_place metrics;
	int signals, ready; /* ready: an epoll of what the commands and the metrics wait for */
	uint64_t opened;    /* the collector */
};

/* ---- the collector ---- */

/* False after error(). */
static bool open_collector(struct watching *watching)
{
	const struct collector_options wanted = {
		.pid = watching->options->target.process,
		.log = watching->options->target.log,
		.key = KEY_FINDINGS,
		.vcpus = EXIT_VCPUS,
		.tier = watching->options->tier,
	};
	struct collector_refusal refusal = {0};

	watching->session.collector = collector_open(&wanted, &refusal);
	watching->opened = clock_now();
	if (!watching->session.collector)
		error("%s: %s", refusal.why, refusal.way_out);
	else if (refusal.why[0])
		warning("%s: %s: %s", collector_lacks(watching->session.collector), refusal.why,
			refusal.way_out);
	return watching->session.collector;
}

/* So many are there of which the thread has ended, and so much that is about them is kept. */
static bool is_worn(const struct watching *watching)
{
	const struct stat_sample *now = &watching->session.now;
	uint32_t gone = 0;

	for (uint32_t i = 0; i < now->vcpu_count; i++)
		gone += now->vcpus[i].state == VCPU_GONE;
	return clock_now() > watching->opened + WORN_NS &&
	       ((collector_seen(watching->session.collector) >= WORN_VCPUS &&
		 gone >= WORN_VCPUS / 2) ||
		now->keyed_count >= WORN_KEYS);
}

/* False after error(). */
static bool renew_collector(struct watching *watching)
{
	collector_close(watching->session.collector);
	if (!open_collector(watching))
		return false;
	if (watching->options->target.all)
		watching->places.vms.count = 0;
	if (findings_renew(watching->session.findings) && stat_session_look(&watching->session) &&
	    stat_session_reset(&watching->session))
		return true;
	error("no memory");
	return false;
}

/* ---- metrics ---- */

static uint64_t vcpus_now(const struct stat_sample *now)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < now->vcpu_count; i++)
		count += now->vcpus[i].first && now->vcpus[i].state != VCPU_GONE;
	return count;
}

/* A metrics_text. */
static char *make_text(void *opaque, size_t *len)
{
	struct watching *watching = opaque;
	const struct collector *collector = watching->session.collector;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	bool good = out && alert_counts_print(out, &watching->counts, collector_way(collector),
					      vcpus_now(&watching->session.now),
					      collector_events_missed(collector) +
						      collector_keys_lost(collector));

	if (out && fclose(out) != 0)
		good = false;
	if (good)
		return text;
	free(text);
	return NULL;
}

/* ---- the loop ---- */

static void serve(struct watching *watching)
{
	if (watching->teller.commands)
		commands_run_reap(watching->teller.commands);
	if (watching->metrics.server)
		metrics_server_serve(watching->metrics.server);
}

/* Judges the interval that ends now, or the last one. False after error(). */
static bool look(struct watching *watching, bool last)
{
	struct stat_session *session = &watching->session;

	if (!stat_session_look(session) ||
	    (last && !findings_end(session->findings, &session->now))) {
		error("no memory");
		return false;
	}
	if (!teller_tell(&watching->teller, last)) {
		error("writing what was found: %s", strerror(errno));
		return false;
	}
	return !watching->metrics.text || metrics_place_write(&watching->metrics);
}

/* Until the VM ends, a signal comes, or something is found that ends it. False after error(). */
static bool watch(struct watching *watching, uint64_t step)
{
	const struct target *target = &watching->options->target;
	uint64_t deadline = watching->session.first.when + step;
	enum wake wake = WAKE_TIME;

	while (!watching->teller.failed &&
	       ((wake = await_file(watching->signals, target->pidfd, watching->session.collector,
				   await_soon(deadline), watching->ready)) == WAKE_TIME ||
		wake == WAKE_KEY)) {
		serve(watching);
		stat_session_meet(&watching->session);
		if (clock_now() < deadline)
			continue;
		if (!look(watching, false) || (is_worn(watching) && !renew_collector(watching)))
			return false;
		deadline += step;
		if (deadline < clock_now())
			deadline = clock_now() + step;
	}
	if (wake == WAKE_FAILED)
		error("waiting for VMs failed");
	if (wake == WAKE_SIGNAL || watching->teller.failed)
		target_stop(target);
	return wake != WAKE_FAILED && (watching->teller.failed || look(watching, wake == WAKE_END));
}

/* ---- the command ---- */

static bool wait_too(const struct watching *watching, int file)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(watching->ready, EPOLL_CTL_ADD, file, &event) == 0;
}

/* False after error(). */
static bool open_commands(struct watching *watching)
{
	const struct watch_options *options = watching->options;
	struct teller *teller = &watching->teller;

	watching->ready = epoll_create1(EPOLL_CLOEXEC);
	if (options->on_finding)
		teller->commands = commands_run_new(options->on_finding);
	if (watching->ready >= 0 && (!options->on_finding || teller->commands) &&
	    (!teller->commands || wait_too(watching, commands_run_fd(teller->commands))))
		return true;
	error("--on-finding: %s", strerror(errno));
	return false;
}

/* False after error(). */
static bool open_metrics(struct watching *watching)
{
	if (!metrics_place_open(&watching->metrics, watching->options->openmetrics, make_text,
				watching))
		return false;
	if (!watching->metrics.server)
		return metrics_place_write(&watching->metrics);
	if (wait_too(watching, metrics_server_fd(watching->metrics.server)))
		return true;
	error("--openmetrics: %s", strerror(errno));
	return false;
}

static void close_ways(struct watching *watching)
{
	if (watching->teller.commands)
		commands_run_finish(watching->teller.commands, LAST_COMMANDS_NS);
	commands_run_free(watching->teller.commands);
	metrics_place_close(&watching->metrics);
	if (watching->ready >= 0)
		close(watching->ready);
}

/* An exit status: not STATUS_OK after error(). */
static int begin(struct watching *watching)
{
	struct findings_options wanted = {.device = guest_places_device,
					  .opaque = &watching->places};

	if (watching->options->baseline)
		wanted.usual = watching->baseline.rates;
	memcpy(wanted.thresholds, watching->options->wishes.thresholds, sizeof(wanted.thresholds));
	if (!open_collector(watching))
		return STATUS_HOST;
	watching->session.findings = watching->teller.findings = findings_new(&wanted);
	if (!watching->session.findings || !stat_session_begin(&watching->session)) {
		error("no memory");
		return STATUS_HOST;
	}
	if (!open_commands(watching))
		return STATUS_HOST;
	return watching->options->openmetrics && !open_metrics(watching) ? STATUS_USAGE : STATUS_OK;
}

/* An exit status. */
static int run(struct watching *watching)
{
	const double seconds = watching->options->interval;
	const uint64_t step = seconds > 0 ? (uint64_t)(seconds * 1e9) : FINDINGS_INTERVAL;
	int status;

	/* One that comes while all this takes its time ends it as soon as it is ready. */
	watching->signals = await_signals();
	status = begin(watching);
	if (status == STATUS_OK) {
		target_go(&watching->options->target);
		if (!watch(watching, step))
			status = STATUS_HOST;
		else if (watching->teller.failed)
			status = STATUS_FOUND;
	}
	if (watching->teller.failed)
		error("--fail-on %s: there is such a finding", watching->teller.failed->name);
	close_ways(watching);
	stat_session_free(&watching->session);
	findings_free(watching->session.findings);
	collector_close(watching->session.collector);
	if (watching->signals >= 0)
		close(watching->signals);
	return status;
}

static struct watching *watching_new(struct watch_options *options)
{
	struct watching *watching = calloc(1, sizeof(*watching));
	FILE *out = options->target.command ? stderr : stdout;

	if (!watching) {
		error("no memory");
		return NULL;
	}
	watching->options = options;
	watching->ready = -1;
	watching->places.sample = &watching->session.now;
	watching->view =
		(struct findings_view){vm_names_get, guest_places_function, &watching->places};
	watching->session.view = (struct stat_view){.vm_name = vm_names_get,
						    .opaque = &watching->places,
						    .resolution = guest_clock_resolution()};
	watching->session.keyed = true;
	watching->teller = (struct teller){.out = out,
					   .json = options->json || !isatty(fileno(out)),
					   .view = &watching->view,
					   .wishes = &options->wishes,
					   .counts = &watching->counts};
	return watching;
}

/* False after error(). */
static bool read_files(struct watching *watching)
{
	const struct watch_options *options = watching->options;
	struct stat_facts facts;

	if (options->baseline) {
		stat_facts_begin(&options->target, &facts);
		if (!baseline_read(&watching->baseline, options->baseline, &facts))
			return false;
	}
	return guest_places_read_kernel(&watching->places, &options->kernel_names,
					&options->target);
}

/* Of a VM that was found, or started. An exit status. */
static int watch_target(struct watch_options *options)
{
	struct watching *watching = watching_new(options);
	int status = STATUS_USAGE;

	if (!watching)
		return STATUS_HOST;
	if (options->target.process)
		vm_names_put(&watching->places.vms, (uint32_t)options->target.process,
			     options->target.title, options->target.ours);
	if (read_files(watching))
		status = run(watching);
	guest_places_free(&watching->places);
	free(watching);
	return status;
}

int command_watch(int argc, char **argv)
{
	struct watch_options options = {.interval = 0};
	bool help, found;
	int status = target_read_options(&watch_options, argc, argv, &options, &help);

	if (status || help)
		return status ? target_failure(&options.target, status) : STATUS_OK;
	if (!watch_options_agree(&options))
		return target_failure(&options.target, STATUS_USAGE);
	found = options.target.command ? target_start(&options.target)
				       : target_find(&options.target);
	if (!found)
		return target_failure(&options.target, STATUS_USAGE);
	status = watch_target(&options);
	if (status != STATUS_FOUND)
		return target_end(&options.target, status);
	target_end(&options.target, STATUS_OK);
	return STATUS_FOUND;
}
