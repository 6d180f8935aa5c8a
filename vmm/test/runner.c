/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/test/child.h"
#include "vmm/test/judge.h"
#include "vmm/test/kept_consoles.h"
#include "vmm/test/progress.h"

enum { POLL_PROCESS, POLL_CONSOLE, POLL_MESSAGES, POLL_EACH };

struct slot {
	struct child child;
	size_t index; /* of its test */
};

struct runner {
	const struct test_options *options;
	const struct suite *suite;
	struct outcome *outcomes;
	const char *program;
	FILE *to;
	struct slot *slots;
	unsigned int slot_count, running;
	struct pollfd *polls; /* the signals, then POLL_EACH for each slot */
	int signals;
	int signal_number; /* that came; 0: none */
	size_t next, printed, done;
	const char *bail_out; /* no more are started; NULL */
	char bail_text[256];
	struct tally tally;
	unsigned int failures;
	bool broken; /* one could not even be started */
	struct progress progress;
	struct kept_consoles kept;
	uint64_t started_ns;
};

static void print_done(struct runner *runner)
{
	for (; runner->printed < runner->suite->count && runner->outcomes[runner->printed].done;
	     runner->printed++) {
		progress_clear(&runner->progress);
		tap_test(runner->to, runner->printed + 1, &runner->suite->tests[runner->printed],
			 &runner->outcomes[runner->printed], runner->options);
		fflush(runner->to);
	}
}

/* Not in their order: some before them did not come to their end. */
static void print_rest(struct runner *runner)
{
	for (; runner->printed < runner->suite->count; runner->printed++)
		if (runner->outcomes[runner->printed].done)
			tap_test(runner->to, runner->printed + 1,
				 &runner->suite->tests[runner->printed],
				 &runner->outcomes[runner->printed], runner->options);
}

static void bail(struct runner *runner, const char *why)
{
	if (runner->bail_out)
		return;
	snprintf(runner->bail_text, sizeof(runner->bail_text), "%s", why);
	runner->bail_out = runner->bail_text;
	for (unsigned int i = 0; i < runner->slot_count; i++)
		if (runner->slots[i].child.pid)
			child_ask(&runner->slots[i].child);
}

static void is_done(struct runner *runner, size_t index)
{
	struct outcome *outcome = &runner->outcomes[index];
	const struct test *test = &runner->suite->tests[index];
	char why[200];

	outcome->done = true;
	runner->done++;
	outcome_count(outcome, test, &runner->tally);
	if (outcome_fails(outcome, test)) {
		runner->failures++;
		snprintf(why, sizeof(why), "--fail-fast: %.150s failed", test->name);
		if (runner->options->fail_fast)
			bail(runner, why);
	}
	print_done(runner);
}

static void show_progress(struct runner *runner)
{
	const char *running = NULL;

	for (unsigned int i = 0; i < runner->slot_count && !running; i++)
		if (runner->slots[i].child.pid)
			running = runner->suite->tests[runner->slots[i].index].name;
	progress_show(&runner->progress, runner->done, runner->suite->count, runner->failures,
		      running);
}

/* What is not run needs no process. */
static void skip(struct runner *runner, size_t index)
{
	struct outcome *outcome = &runner->outcomes[index];

	outcome->verdict = VERDICT_SKIPPED;
	snprintf(outcome->why, sizeof(outcome->why), "%s", runner->suite->tests[index].skip);
	is_done(runner, index);
}

static void start_one(struct runner *runner, struct slot *slot)
{
	const size_t index = runner->next++;
	const struct test *test = &runner->suite->tests[index];

	if (test->skip) {
		skip(runner, index);
		return;
	}
	slot->index = index;
	if (child_start(&slot->child, runner->program, runner->options, test)) {
		runner->running++;
		return;
	}
	runner->outcomes[index].verdict = VERDICT_NOT_RUN;
	snprintf(runner->outcomes[index].why, sizeof(runner->outcomes[index].why),
		 "its process could not be started");
	runner->broken = true;
	is_done(runner, index);
}

static void start_some(struct runner *runner)
{
	for (unsigned int i = 0; i < runner->slot_count; i++)
		while (!runner->slots[i].child.pid && !runner->bail_out &&
		       runner->next < runner->suite->count)
			start_one(runner, &runner->slots[i]);
}

static void finish(struct runner *runner, struct slot *slot)
{
	const struct test *test = &runner->suite->tests[slot->index];
	struct outcome *outcome = &runner->outcomes[slot->index];
	struct ending_account account;
	char path[PATH_MAX];

	child_finish(&slot->child, test, &account);
	runner->running--;
	/* It was ended because of another one, or of the user: that is no verdict. */
	if (runner->bail_out && slot->child.asked)
		return;
	judge(runner->options, &slot->child, &account, outcome);
	if (outcome->verdict == VERDICT_FAILED &&
	    kept_consoles_write(&runner->kept, slot->index + 1, test, &slot->child, path))
		judge_add_path(outcome, path);
	is_done(runner, slot->index);
}

/* How long until the next deadline; -1: there is none. */
static int wait_ms(const struct runner *runner)
{
	uint64_t now = clock_now(), least = UINT64_MAX;

	for (unsigned int i = 0; i < runner->slot_count; i++)
		if (runner->slots[i].child.pid && runner->slots[i].child.deadline_ns < least)
			least = runner->slots[i].child.deadline_ns;
	if (least == UINT64_MAX)
		return -1;
	if (least <= now)
		return 0;
	return (least - now) / 1000000 < 3600000 ? (int)((least - now) / 1000000) + 1 : 3600000;
}

static void set_polls(struct runner *runner)
{
	runner->polls[0] = (struct pollfd){.fd = runner->signals, .events = POLLIN};
	for (unsigned int i = 0; i < runner->slot_count; i++) {
		const struct child *child = &runner->slots[i].child;
		struct pollfd *polls = &runner->polls[1 + i * POLL_EACH];
		const bool runs = child->pid != 0;

		polls[POLL_PROCESS] =
			(struct pollfd){.fd = runs ? child->process : -1, .events = POLLIN};
		polls[POLL_CONSOLE] =
			(struct pollfd){.fd = runs ? child->console : -1, .events = POLLIN};
		polls[POLL_MESSAGES] =
			(struct pollfd){.fd = runs ? child->messages : -1, .events = POLLIN};
	}
}

static void look_at_slot(struct runner *runner, unsigned int i)
{
	struct slot *slot = &runner->slots[i];
	const struct pollfd *polls = &runner->polls[1 + i * POLL_EACH];

	if (!slot->child.pid)
		return;
	if (polls[POLL_CONSOLE].revents || polls[POLL_MESSAGES].revents)
		child_read(&slot->child);
	if (polls[POLL_PROCESS].revents)
		finish(runner, slot);
	else if (clock_now() >= slot->child.deadline_ns)
		child_is_late(&slot->child);
}

static void take_signal(struct runner *runner)
{
	struct signalfd_siginfo info;
	char why[64];

	if (read(runner->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	/* The second time somebody is in a hurry. */
	if (runner->signal_number)
		for (unsigned int i = 0; i < runner->slot_count; i++)
			if (runner->slots[i].child.pid)
				child_kill(&runner->slots[i].child);
	runner->signal_number = (int)info.ssi_signo;
	snprintf(why, sizeof(why), "interrupted by signal %d", runner->signal_number);
	bail(runner, why);
}

static void run(struct runner *runner)
{
	const nfds_t count = 1 + (nfds_t)runner->slot_count * POLL_EACH;

	for (start_some(runner); runner->running > 0; start_some(runner)) {
		show_progress(runner);
		set_polls(runner);
		if (poll(runner->polls, count, wait_ms(runner)) < 0 && errno != EINTR) {
			error("poll: %s", strerror(errno));
			runner->broken = true;
			bail(runner, "poll failed");
		}
		if (runner->polls[0].revents)
			take_signal(runner);
		for (unsigned int i = 0; i < runner->slot_count; i++)
			look_at_slot(runner, i);
	}
	progress_clear(&runner->progress);
}

static int status_of(const struct runner *runner)
{
	const struct tally *tally = &runner->tally;

	if (runner->signal_number)
		return 128 + runner->signal_number;
	if (tally->failed > 0)
		return TESTS_FAILED;
	if (tally->not_run > 0 || runner->broken)
		return STATUS_NOT_RUN;
	return tally->passed + tally->known > 0 ? TESTS_PASSED : TESTS_NONE;
}

static bool write_junit(const struct runner *runner, FILE *junit, double seconds)
{
	junit_write(junit, runner->suite, runner->outcomes, seconds);
	const bool written = !ferror(junit);

	if (fclose(junit) == 0 && written)
		return true;
	error("--junit %s: %s", runner->options->junit, strerror(errno));
	return false;
}

static int tell(struct runner *runner, FILE *junit)
{
	const double seconds = (double)(clock_now() - runner->started_ns) / (double)NS_PER_S;
	int status = status_of(runner);

	print_rest(runner);
	if (*runner->kept.folder && runner->tally.failed + runner->tally.known > 0)
		fprintf(runner->to, "# consoles of failed tests: %s\n", runner->kept.folder);
	tap_end(runner->to, &runner->tally, seconds);
	if (runner->bail_out)
		tap_bail_out(runner->to, runner->bail_out);
	if (junit && !write_junit(runner, junit, seconds))
		status = STATUS_NOT_RUN;
	if (fflush(runner->to) != 0 || ferror(runner->to)) {
		error("standard output: %s", strerror(errno));
		status = STATUS_NOT_RUN;
	}
	return status;
}

/* Those that end vhart test are read between two looks at the tests. */
static int open_signals(sigset_t *before)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static unsigned int jobs_of(const struct test_options *options, const struct suite *suite)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t jobs = options->jobs ? options->jobs : cpus > 0 ? (size_t)cpus : 1;

	if (jobs > suite->count)
		jobs = suite->count;
	return (unsigned int)(jobs < TEST_JOBS_MAX ? jobs : TEST_JOBS_MAX);
}

/* False after error(). */
static bool prepare(struct runner *runner, FILE **junit)
{
	const struct test_options *options = runner->options;

	*junit = options->junit ? fopen(options->junit, "we") : NULL;
	if (options->junit && !*junit) {
		error("--junit %s: %s", options->junit, strerror(errno));
		return false;
	}
	if (!kept_consoles_open(&runner->kept, options->keep))
		return false;
	runner->slot_count = jobs_of(options, runner->suite);
	runner->slots = calloc(runner->slot_count + 1, sizeof(*runner->slots));
	runner->polls = calloc(1 + (size_t)runner->slot_count * POLL_EACH, sizeof(*runner->polls));
	if (runner->slots && runner->polls && runner->signals >= 0)
		return true;
	error("vhart test cannot start: %s", strerror(errno));
	return false;
}

int runner_run(const struct test_options *options, const struct suite *suite,
	       struct outcome *outcomes, const char *program, FILE *to)
{
	struct runner runner = {.options = options,
				.suite = suite,
				.outcomes = outcomes,
				.program = program,
				.to = to,
				.started_ns = clock_now()};
	int status = STATUS_NOT_RUN;
	FILE *junit = NULL;
	sigset_t before;

	runner.signals = open_signals(&before);
	if (prepare(&runner, &junit)) {
		progress_begin(&runner.progress);
		tap_begin(to, suite, options);
		fflush(to);
		run(&runner);
		status = tell(&runner, junit);
	} else if (junit) {
		fclose(junit);
	}
	if (runner.signals >= 0)
		close(runner.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(runner.slots);
	free(runner.polls);
	return status;
}
