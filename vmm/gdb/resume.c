/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/resume.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "vmm/gdb/dispatch.h"

/* So many instructions of one hart, and then the others have so long. A loop that waits for another
 * hart would not end else. */
#define STEPS_ALONE 100u
#define TOGETHER_NS (5 * 1000000ull)

static struct control *control_of(const struct gdb_resume *resume)
{
	return resume->debuggee->control;
}

static unsigned int harts_of(const struct gdb_resume *resume)
{
	return control_of(resume)->config->cpus;
}

/* ---- hearing ---- */

static void hear_one(struct gdb_resume *resume, const struct event *event)
{
	switch (event->kind) {
	case EVENT_BREAKPOINT:
		resume->hit[event->hart] = true;
		resume->at[event->hart] = event->address;
		break;
	case EVENT_PAUSED: resume->paused = true; break;
	case EVENT_RESET: resume->reset = true; break;
	case EVENT_ENDED:
		resume->ended = true;
		resume->status = (unsigned int)event->number;
		break;
	default: break;
	}
}

static void hear(struct gdb_resume *resume)
{
	struct event *event;
	uint64_t lost;

	while ((event = events_take(resume->told, &lost))) {
		hear_one(resume, event);
		free(event);
	}
}

/* The first hart of which gdb does not know that it is at a breakpoint, behind the one that it was
 * told of last, so that all have their turn; the machine's count: there is none. */
static unsigned int find_hit(const struct gdb_resume *resume)
{
	const unsigned int harts = harts_of(resume);

	for (unsigned int i = 1; i <= harts; i++) {
		const unsigned int hart = (resume->session->stop.hart + i) % harts;

		if (resume->hit[hart])
			return hart;
	}
	return harts;
}

/* ---- telling ---- */

static void tell(struct gdb_resume *resume, const struct gdb_stop *stop, const char *text)
{
	debuggee_hold_lives(resume->debuggee, true);
	gdb_session_stopped(resume->session, stop, text);
}

static bool tell_hit(struct gdb_resume *resume)
{
	const unsigned int hart = find_hit(resume);
	const struct gdb_stop stop = {hart, GDB_SIGNAL_TRAP, true};

	if (hart == harts_of(resume))
		return false;
	resume->hit[hart] = false;
	tell(resume, &stop, resume->reset ? "vhart: the guest has reset meanwhile\n" : NULL);
	return true;
}

/* All harts are, or will be, held: why is told, else SIGNAL for the hart of the last stop. */
static void settle(struct gdb_resume *resume, unsigned int signal, const char *text)
{
	const struct gdb_stop stop = {resume->session->stop.hart, signal, false};
	char why[CONTROL_ERROR_MAX], line[CONTROL_ERROR_MAX + 16];

	if (!control_pause(control_of(resume), why)) {
		snprintf(line, sizeof(line), "vhart: %s\n", why);
		text = line;
	}
	hear(resume);
	if (resume->ended)
		gdb_session_ended(resume->session, resume->status);
	else if (!tell_hit(resume))
		tell(resume, &stop, text);
}

/* ---- running ---- */

static bool is_breakpoint_of_gdb(const struct gdb_resume *resume, uint64_t address)
{
	struct breakpoint one;

	for (unsigned int i = 0; breakpoints_get(&control_of(resume)->breakpoints, i, &one); i++)
		if (one.owner == BREAK_BY_GDB && one.address == address)
			return true;
	return false;
}

/* What gdb was not told of is worth telling only if the hart runs, is still there, and so is the
 * breakpoint. */
static void forget_old_hits(struct gdb_resume *resume)
{
	uint64_t pc;

	for (unsigned int hart = 0; hart < harts_of(resume); hart++) {
		if (!resume->hit[hart] || resume->debuggee->actions[hart].kind == GDB_STAY)
			continue;
		resume->hit[hart] = debuggee_pc(resume->debuggee, hart, &pc) &&
				    pc == resume->at[hart] && is_breakpoint_of_gdb(resume, pc);
	}
}

static bool tell_old_hit(struct gdb_resume *resume)
{
	const unsigned int hart = find_hit(resume);

	return hart < harts_of(resume) && resume->debuggee->actions[hart].kind != GDB_STAY &&
	       tell_hit(resume);
}

/* Those that gdb lets CONTINUE, without EXCEPT. How many. */
static unsigned int choose(const struct gdb_resume *resume, unsigned int except, bool *harts)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < harts_of(resume); i++) {
		harts[i] = i != except && resume->debuggee->actions[i].kind == GDB_CONTINUE;
		count += harts[i];
	}
	return count;
}

static void run(struct gdb_resume *resume)
{
	bool harts[GDB_HARTS_MOST];
	const unsigned int count = choose(resume, UINT32_MAX, harts);
	char why[CONTROL_ERROR_MAX], text[CONTROL_ERROR_MAX + 16];

	debuggee_hold_lives(resume->debuggee, false);
	if (control_resume(control_of(resume), count < harts_of(resume) ? harts : NULL, why))
		return;
	snprintf(text, sizeof(text), "vhart: %s\n", why);
	settle(resume, GDB_SIGNAL_TRAP, text);
}

/* ---- stepping ---- */

/* Ctrl-C, or gdb has gone: what it sent is read later. */
static bool is_enough(const struct gdb_resume *resume)
{
	struct pollfd fd = {.fd = resume->debuggee->fd, .events = POLLIN | POLLRDHUP};

	return poll(&fd, 1, 0) > 0;
}

/* The harts beside HART have some time. False: one of them stopped, or the machine ended. */
static bool let_others_run(struct gdb_resume *resume, unsigned int hart)
{
	const uint64_t until = clock_now() + TOGETHER_NS;
	bool harts[GDB_HARTS_MOST];
	char why[CONTROL_ERROR_MAX];
	struct event *event;

	if (choose(resume, hart, harts) == 0)
		return true;
	resume->paused = false;
	if (!control_resume(control_of(resume), harts, why))
		return false;
	while ((event = control_wait(resume->told, until, -1))) {
		hear_one(resume, event);
		free(event);
	}
	return control_pause(control_of(resume), why) && find_hit(resume) == harts_of(resume) &&
	       !resume->ended;
}

static bool is_in_range(struct gdb_resume *resume, unsigned int hart, uint64_t *pc)
{
	const struct gdb_action *action = &resume->debuggee->actions[hart];

	return debuggee_pc(resume->debuggee, hart, pc) && *pc >= action->start &&
	       *pc < action->end && !is_breakpoint_of_gdb(resume, *pc);
}

/* One instruction. False: that is told, or there was none. */
static bool step_once(struct gdb_resume *resume, unsigned int *hart)
{
	char why[CONTROL_ERROR_MAX], text[CONTROL_ERROR_MAX + 16];
	enum step_end end;
	bool done = control_pause(control_of(resume), why) &&
		    control_step(control_of(resume), hart, &end, why);

	if (done && end == STEP_DONE)
		return true;
	snprintf(text, sizeof(text), "vhart: %s\n", done ? "" : why);
	settle(resume, done ? GDB_SIGNAL_TRAP : GDB_SIGNAL_INT, done ? NULL : text);
	return false;
}

static void step(struct gdb_resume *resume, unsigned int asked)
{
	unsigned int hart = asked;
	struct gdb_stop stop = {.signal = GDB_SIGNAL_TRAP};
	uint64_t pc;

	do {
		if (++resume->steps % STEPS_ALONE == 0 && !let_others_run(resume, asked)) {
			settle(resume, GDB_SIGNAL_TRAP, NULL);
			return;
		}
		if (!step_once(resume, &hart))
			return;
	} while (hart == asked && is_in_range(resume, hart, &pc) && !is_enough(resume));
	stop.hart = hart;
	stop.breakpoint =
		debuggee_pc(resume->debuggee, hart, &pc) && is_breakpoint_of_gdb(resume, pc);
	tell(resume, &stop, NULL);
}

/* The hart that is to step; the machine's count: none. */
static unsigned int find_step(const struct gdb_resume *resume)
{
	unsigned int hart = 0;

	while (hart < harts_of(resume) && resume->debuggee->actions[hart].kind != GDB_STEP)
		hart++;
	return hart;
}

static void go(struct gdb_resume *resume)
{
	const unsigned int stepping = find_step(resume);

	hear(resume);
	resume->paused = resume->reset = false;
	if (resume->ended) {
		gdb_session_ended(resume->session, resume->status);
		return;
	}
	forget_old_hits(resume);
	if (tell_old_hit(resume))
		return;
	if (stepping < harts_of(resume)) {
		step(resume, stepping);
		return;
	}
	resume->steps = 0;
	run(resume);
}

void gdb_resume_serve(struct gdb_resume *resume)
{
	struct debuggee *debuggee = resume->debuggee;

	if (debuggee->go)
		go(resume);
	else if (debuggee->stop && resume->session->running)
		settle(resume, GDB_SIGNAL_INT, NULL);
	debuggee->go = debuggee->stop = false;
}

/* ---- what happens ---- */

void gdb_resume_hear(struct gdb_resume *resume)
{
	hear(resume);
	if (resume->ended)
		gdb_session_ended(resume->session, resume->status);
	else if (resume->session->running &&
		 (resume->paused || find_hit(resume) < harts_of(resume)))
		settle(resume, GDB_SIGNAL_TRAP,
		       resume->paused ? "vhart: the machine was paused by somebody else\n" : NULL);
}
