/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/control.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "vmm/control/control_private.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

#define PATIENCE_NS (60 * NS_PER_S)

/* ---- what the machine tells ---- */

void control_post(struct control *control, enum event_kind kind, uint64_t number)
{
	const struct event event = {.kind = kind, .number = number};

	event_post(&control->hub, &event, NULL, 0);
}

void control_post_breakpoint(struct control *control, unsigned int hart, uint64_t pc, uint32_t id)
{
	const struct event event = {
		.kind = EVENT_BREAKPOINT, .hart = hart, .address = pc, .number = id};

	event_post(&control->hub, &event, NULL, 0);
}

static bool started(void *opaque, struct machine *machine)
{
	struct control *control = opaque;
	bool hold;

	pthread_mutex_lock(&control->lock);
	breakpoints_new_life(&control->breakpoints, machine);
	control->machine = machine;
	pthread_cond_broadcast(&control->changed);
	control->lives++;
	control->some = false;
	if (!control->started_ns)
		control->started_ns = clock_now();
	/* One that was paused and reset stays paused. */
	hold = control->start_paused || atomic_load(&control->paused);
	atomic_store(&control->paused, hold);
	pthread_mutex_unlock(&control->lock);
	if (control->lives > 1)
		control_post(control, EVENT_RESET, control->lives);
	control_post(control, EVENT_STARTED, control->lives);
	if (hold)
		control_post(control, EVENT_PAUSED, 0);
	return hold;
}

static bool is_paused(void *opaque)
{
	struct control *control = opaque;

	return atomic_load(&control->paused);
}

static void ending(void *opaque, struct machine *machine)
{
	struct control *control = opaque;

	(void)machine;
	pthread_mutex_lock(&control->lock);
	control->machine = NULL;
	pthread_cond_broadcast(&control->changed);
	pthread_mutex_unlock(&control->lock);
}

/* On a vCPU's thread: whoever holds the lock may wait for this very hart. */
static bool stopped_at(void *opaque, struct vcpu *vcpu, uint64_t pc)
{
	struct control *control = opaque;
	struct breakpoint hit;
	bool first;

	if (!breakpoints_hit(&control->breakpoints, vcpu, pc, &hit))
		return false;
	/* Before it is told: whoever hears of it finds the machine paused, and can resume it. */
	pause_ask(vcpu->machine);
	if (hit.owner != BREAK_BY_STEP) {
		first = !atomic_exchange(&control->paused, true);
		control_post_breakpoint(control, vcpu->id, pc, hit.id);
		if (first)
			control_post(control, EVENT_PAUSED, 0);
	}
	return true;
}

static void post_line(struct control *control)
{
	const struct event event = {.kind = EVENT_LINE};
	size_t len = control->line_len;

	if (len > 0 && control->line[len - 1] == '\r')
		len--;
	event_post(&control->hub, &event, control->line, len);
	control->line_len = 0;
}

static void collect_lines(struct control *control, const char *bytes, size_t len)
{
	pthread_mutex_lock(&control->line_lock);
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n')
			control->line[control->line_len++] = bytes[i];
		if (bytes[i] == '\n' || control->line_len == sizeof(control->line))
			post_line(control);
	}
	pthread_mutex_unlock(&control->line_lock);
}

static void console(void *opaque, const void *bytes, size_t len)
{
	const struct event event = {.kind = EVENT_CONSOLE};
	struct control *control = opaque;
	const char *text = bytes;

	/* Who begins to listen within a line hears its rest. */
	if (!event_hub_wanted(&control->hub, EVENT_BIT(EVENT_CONSOLE) | EVENT_BIT(EVENT_LINE)))
		return;
	if (event_hub_wanted(&control->hub, EVENT_BIT(EVENT_CONSOLE)))
		for (size_t at = 0; at < len; at += EVENT_TEXT_MAX)
			event_post(&control->hub, &event, text + at, len - at);
	if (event_hub_wanted(&control->hub, EVENT_BIT(EVENT_LINE)))
		collect_lines(control, text, len);
}

static void guest_error(void *opaque, const char *text)
{
	const struct event event = {.kind = EVENT_GUEST_ERROR};
	struct control *control = opaque;

	event_post(&control->hub, &event, text, strlen(text));
}

/* ---- life ---- */

void control_init(struct control *control, const struct config *config)
{
	*control = (struct control){
		.config = config,
		.watcher = {.started = started,
			    .ending = ending,
			    .console = console,
			    .guest_error = guest_error,
			    .stopped_at = stopped_at,
			    .is_paused = is_paused,
			    .opaque = control},
	};
	event_hub_init(&control->hub);
	breakpoints_init(&control->breakpoints);
	keeper_init(&control->keeper);
	clock_cond_init(&control->changed);
	pthread_mutex_init(&control->lock, NULL);
	pthread_mutex_init(&control->line_lock, NULL);
}

void control_free(struct control *control)
{
	keeper_free(&control->keeper);
	event_hub_free(&control->hub);
	breakpoints_free(&control->breakpoints);
	pthread_cond_destroy(&control->changed);
	pthread_mutex_destroy(&control->lock);
	pthread_mutex_destroy(&control->line_lock);
}

void control_ended(struct control *control, const char *why, int status)
{
	const struct event event = {.kind = EVENT_ENDED, .number = (uint64_t)status};

	pthread_mutex_lock(&control->line_lock);
	if (control->line_len > 0)
		post_line(control);
	pthread_mutex_unlock(&control->line_lock);
	pthread_mutex_lock(&control->lock);
	control->ended = true;
	pthread_cond_broadcast(&control->changed);
	pthread_mutex_unlock(&control->lock);
	event_post(&control->hub, &event, why, strlen(why));
}

/* ---- the machine ---- */

struct machine *control_take(struct control *control)
{
	const struct timespec until = clock_timespec(clock_now() + PATIENCE_NS);
	struct machine *machine;
	int result = 0;

	pthread_mutex_lock(&control->lock);
	while (!control->machine && !control->ended && result == 0)
		result = pthread_cond_timedwait(&control->changed, &control->lock, &until);
	machine = control->machine;
	if (!machine)
		pthread_mutex_unlock(&control->lock);
	return machine;
}

struct machine *control_try(struct control *control)
{
	struct machine *machine;

	pthread_mutex_lock(&control->lock);
	machine = control->machine;
	if (!machine)
		pthread_mutex_unlock(&control->lock);
	return machine;
}

void control_release(struct control *control)
{
	pthread_mutex_unlock(&control->lock);
}

void control_wait_life(struct control *control)
{
	const struct timespec until = clock_timespec(clock_now() + PATIENCE_NS);
	const unsigned int lives = control->lives;
	int result = 0;

	while (control->lives == lives && !control->ended && result == 0)
		result = pthread_cond_timedwait(&control->changed, &control->lock, &until);
}

/* ---- its harts ---- */

enum hold_end { HELD, BUSY, ENDS };

/* And puts in the breakpoints that can be. */
static enum hold_end hold(struct control *control, struct machine *machine,
			  char why[CONTROL_ERROR_MAX])
{
	uint32_t busy;

	pause_ask(machine);
	if (pause_wait(machine, &busy)) {
		breakpoints_insert_pending(&control->breakpoints, machine);
		return HELD;
	}
	if (busy == UINT32_MAX)
		return ENDS;
	snprintf(why, CONTROL_ERROR_MAX, "hart %u does not stop: its thread is busy in vhart",
		 busy);
	pause_end(machine);
	return BUSY;
}

/* With the lock. This life's machine is on its way down. */
static void wait_until_gone(struct control *control)
{
	const struct timespec until = clock_timespec(clock_now() + PATIENCE_NS);
	const unsigned int lives = control->lives;
	int result = 0;

	while (control->machine && control->lives == lives && result == 0)
		result = pthread_cond_timedwait(&control->changed, &control->lock, &until);
}

struct machine *control_take_held(struct control *control, bool always, char why[CONTROL_ERROR_MAX])
{
	struct machine *machine;
	enum hold_end end = ENDS;

	while (end == ENDS && (machine = control_take(control))) {
		if (!always && !atomic_load(&control->paused))
			return machine;
		end = hold(control, machine, why);
		if (end == HELD)
			return machine;
		if (end == ENDS)
			wait_until_gone(control);
		control_release(control);
	}
	if (end == ENDS)
		snprintf(why, CONTROL_ERROR_MAX, "the machine has ended, or does not start");
	return NULL;
}

bool control_pause(struct control *control, char why[CONTROL_ERROR_MAX])
{
	if (!control_take_held(control, true, why))
		return false;
	if (!atomic_exchange(&control->paused, true))
		control_post(control, EVENT_PAUSED, 0);
	control_release(control);
	return true;
}

struct machine *control_hold(struct control *control, char why[CONTROL_ERROR_MAX])
{
	struct machine *machine;

	while ((machine = control_take_held(control, true, why)) && !pause_pin(machine)) {
		wait_until_gone(control);
		control_release(control);
	}
	return machine;
}

void control_let_go(struct control *control)
{
	pause_unpin(control->machine);
	if (!atomic_load(&control->paused))
		control_let_run(control);
	control_release(control);
	control_mind_breakpoints(control);
}
