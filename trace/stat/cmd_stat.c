/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat`: why guests exit, and where their time goes. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "trace/commands.h"
#include "trace/guest/guest_names.h"
#include "trace/names/device_names.h"
#include "trace/sources/collector.h"
#include "trace/sources/guest_clock.h"
#include "trace/sources/vms.h"
#include "trace/stat/stat_live.h"
#include "trace/stat/stat_session.h"
#include "trace/watch/await.h"
#include "trace/watch/target.h"

#define DEFAULT_INTERVAL 1.0

struct stat_options {
	struct target target;
	double interval; /* seconds, 0: none */
	bool once, json, csv;
	enum collector_tier tier;
	struct guest_names_options kernel_names;
	const char *output;
	struct stat_view view;
};

/* ---- options ---- */

static const struct option_choice rows[] = {
	{"reason", BY_REASON}, {"sbi", BY_SBI}, {"mmio", BY_MMIO}, {"csr", BY_CSR},
	{"vcpu", BY_VCPU},     {"pc", BY_PC},	{NULL, 0},
};

static const struct option_choice orders[] = {
	{"time", ORDER_TIME},
	{"count", ORDER_COUNT},
	{"avg", ORDER_AVERAGE},
	{"p99", ORDER_P99},
	{"max", ORDER_MAX},
	/* perf's names. */
	{"sample", ORDER_COUNT},
	{"mean_t", ORDER_AVERAGE},
	{"max_t", ORDER_MAX},
	{NULL, 0},
};

static const struct option_spec specs[] = {
	{"--interval", "SECONDS",
	 "a table every so often, each of its own interval; on a terminal it is\n"
	 "drawn anew (every second unless -i says another), and h shows the keys",
	 OPTION_SECONDS(struct stat_options, interval), .letter = "-i"},
	{"--once", NULL, "one table after one interval (1 s unless -i says another)",
	 OPTION_FLAG(struct stat_options, once)},
	{"--by", "WHAT",
	 "reason (the default), sbi: calls only, mmio: device addresses,\n"
	 "csr: CSRs, vcpu: each apart, pc: where the guest was",
	 OPTION_CHOICE(struct stat_options, view.by, rows)},
	{"--guestkallsyms", "FILE",
	 "names for --by pc: the guest's /proc/kallsyms, or its System.map",
	 OPTION_TEXT(struct stat_options, kernel_names.kallsyms)},
	{"--guestvmlinux", "FILE",
	 "names for --by pc: an ELF, or a Linux Image, which has its own\n"
	 "(default: the kernel that the VM was started with, or has\n"
	 "in memory)",
	 OPTION_TEXT(struct stat_options, kernel_names.vmlinux)},
	{"--sort", "KEY", "time (the default), count, avg, p99 or max",
	 OPTION_CHOICE(struct stat_options, view.order, orders), .letter = "-k"},
	{"--json", NULL, "JSON: an object a line, times in ns",
	 OPTION_FLAG(struct stat_options, json)},
	{"--csv", NULL, "comma-separated values, times in ns",
	 OPTION_FLAG(struct stat_options, csv)},
	{"--output", "FILE", "write there", OPTION_TEXT(struct stat_options, output),
	 .letter = "-o"},
	{"--tier", "WAY",
	 "functions: BPF at KVM's functions and tracepoints; tracepoints: BPF\n"
	 "at tracepoints only; perf: perf events, where there is no BPF;\n"
	 "log: what the VMM sees, without privileges\n"
	 "(default: the first that can be had)",
	 OPTION_CHOICE(struct stat_options, tier, collector_tiers)},
};

static const struct option_table stat_options = {
	.command = "stat",
	.usage = "[options] [-p PID | --name NAME | --all | -- run ...]",
	.summary =
		"Counts why guests exit, and where the time of each vCPU goes, until the VM ends\n"
		"or Ctrl-C. With -- run, starts a VM with these options and watches it from its\n"
		"start; the table then goes to standard error.",
	.shared = {target_options, TARGET_OPTIONS_ALL, offsetof(struct stat_options, target)},
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
};

/* ---- watching ---- */

static enum exit_key key_for(enum stat_by by)
{
	switch (by) {
	case BY_MMIO: return KEY_MMIO;
	case BY_CSR: return KEY_CSR;
	case BY_PC: return KEY_PC;
	default: return KEY_NONE;
	}
}

/* What is known of the VMs by name. */
struct names {
	struct vm_names vms;	/* first: view.opaque is for vm_names_get() too */
	struct symbols symbols; /* of the kernel of the one that is watched */
	uint64_t stvec;		/* by which they were moved */
	const struct stat_session *session;
};

static void find_device(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size)
{
	const struct names *names = opaque;

	if (vm_names_ours(&names->vms, tgid))
		device_name(value, out, size);
}

/* The kernel may be anywhere (KASLR), and is there once it has set its trap handler. */
static void follow_kernel(struct names *names)
{
	const struct stat_sample *now = &names->session->now;

	for (uint32_t i = 0; i < now->vcpu_count; i++) {
		uint64_t stvec = now->vcpus[i].stvec;

		if (!stvec || stvec == names->stvec)
			continue;
		names->stvec = stvec;
		guest_names_move(&names->symbols, stvec);
		return;
	}
}

static void find_function(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size)
{
	struct names *names = opaque;
	struct symbol_place place;

	(void)tgid;
	follow_kernel(names);
	if (symbols_lookup(&names->symbols, value, &place))
		snprintf(out, size, "%s+0x%" PRIx64, place.name, place.offset);
}

/* False after error(). */
static bool choose_names(struct stat_options *options, struct names *names)
{
	struct guest_kernel kernel;

	if (options->view.by == BY_MMIO)
		options->view.place = find_device;
	if (options->view.by != BY_PC || !options->target.process)
		return true;
	options->view.place = find_function;
	target_kernel(&options->target, &kernel);
	return guest_names_find(&names->symbols, &options->kernel_names, &kernel,
				options->target.process);
}

/* On a terminal that is not the guest's. */
static bool is_live(const struct stat_options *options)
{
	return options->view.format == STAT_TEXT && !options->once && !options->output &&
	       !options->target.command && stat_live_possible();
}

/* DEADLINE, or when the collector is to be asked again. */
static uint64_t soon(uint64_t deadline)
{
	uint64_t next = clock_now() + COLLECTOR_POLL_NS;

	return next < deadline ? next : deadline;
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
	return print_seen(session, false, out);
}

/* Plain tables until the VM ends, a signal comes, or --once has its own. */
static bool watch(const struct stat_options *options, struct stat_session *session, int signals,
		  FILE *out)
{
	double seconds = options->interval > 0 ? options->interval
			 : options->once       ? DEFAULT_INTERVAL
					       : 0;
	uint64_t interval = (uint64_t)(seconds * 1e9), deadline = 0;
	enum wake wake;

	deadline = interval ? session->first.when + interval : UINT64_MAX;
	while ((wake = await(signals, options->target.pidfd, session->collector, soon(deadline))) ==
	       WAKE_TIME) {
		stat_session_meet(session);
		if (clock_now() < deadline)
			continue;
		if (!stat_session_look(session) || !print_interval(options, session, out))
			return false;
		if (options->once)
			return true;
		if (stat_session_saw(session))
			fprintf(out, "\n");
		deadline += interval;
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

static int run_session(const struct stat_options *options, struct stat_session *session)
{
	const struct collector_options wanted = {
		.pid = options->target.process,
		.log = options->target.log,
		.key = key_for(options->view.by),
		.vcpus = EXIT_VCPUS,
		.tier = options->tier,
	};
	struct collector_refusal refusal = {0};
	/* One that comes while this takes its time ends it as soon as it is ready. */
	int status = STATUS_HOST, signals = await_signals();
	FILE *out = open_output(options);
	bool good;

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
	if (session->collector && stat_session_begin(session)) {
		target_go(&options->target);
		good = is_live(options) ? watch_live(options, session, signals)
					: watch(options, session, signals, out);
		if (!good)
			error("writing the table: %s", strerror(errno));
		else
			status = saw_something(options, session) ? STATUS_OK : STATUS_USAGE;
	}
	stat_session_free(session);
	collector_close(session->collector);
	if (signals >= 0)
		close(signals);
	if (options->output && fclose(out) != 0) {
		error("%s: %s", options->output, strerror(errno));
		status = STATUS_HOST;
	}
	return status;
}

static bool agree(const struct stat_options *options)
{
	const struct guest_names_options *names = &options->kernel_names;

	if (names->kallsyms && names->vmlinux)
		error("--guestkallsyms and --guestvmlinux exclude each other");
	else if (options->json && options->csv)
		error("--json and --csv exclude each other");
	else if ((names->kallsyms || names->vmlinux) && options->view.by != BY_PC)
		error("--guestkallsyms and --guestvmlinux name what --by pc shows: add that");
	else
		return true;
	return false;
}

int command_stat(int argc, char **argv)
{
	struct stat_session session = {0};
	struct names names = {.session = &session};
	struct stat_options options = {
		.view = {.vm_name = vm_names_get,
			 .opaque = &names,
			 .resolution = guest_clock_resolution()},
	};
	bool help, found;
	int status = target_read_options(&stat_options, argc, argv, &options, &help);

	if (status || help)
		return status ? target_failure(&options.target, status) : STATUS_OK;
	if (!agree(&options))
		return target_failure(&options.target, STATUS_USAGE);
	options.view.format = options.json ? STAT_JSON : options.csv ? STAT_CSV : STAT_TEXT;
	found = options.target.command ? target_start(&options.target)
				       : target_find(&options.target);
	if (!found)
		return target_failure(&options.target, STATUS_USAGE);
	if (options.target.process)
		vm_names_put(&names.vms, (uint32_t)options.target.process, options.target.title,
			     options.target.ours);
	status = choose_names(&options, &names) ? run_session(&options, &session) : STATUS_USAGE;
	symbols_free(&names.symbols);
	target_close(&options.target);
	if (options.target.command) {
		int ended = target_wait(&options.target);

		status = status ? STATUS_NOT_RUN : ended;
	}
	return status;
}
