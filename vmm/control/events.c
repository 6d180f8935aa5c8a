/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

struct events {
	struct events *next;
	struct event_hub *hub;
	int fd;
	unsigned int kinds;
	unsigned int count;
	size_t bytes; /* of their text */
	struct event *first, **last;
	uint64_t lost;
};

static const char *const names[EVENT_KINDS] = {
	[EVENT_STARTED] = "started",	     [EVENT_PAUSED] = "paused", [EVENT_RESUMED] = "resumed",
	[EVENT_BREAKPOINT] = "breakpoint",   [EVENT_LINE] = "line",	[EVENT_CONSOLE] = "console",
	[EVENT_GUEST_ERROR] = "guest-error", [EVENT_RESET] = "reset",	[EVENT_ENDED] = "ended",
};

const char *event_name(enum event_kind kind)
{
	return names[kind];
}

enum event_kind event_find(const char *name)
{
	unsigned int kind = 0;

	while (kind < EVENT_KINDS && strcmp(name, names[kind]) != 0)
		kind++;
	return (enum event_kind)kind;
}

/* ---- the hub ---- */

void event_hub_init(struct event_hub *hub)
{
	*hub = (struct event_hub){.first = NULL};
	pthread_mutex_init(&hub->lock, NULL);
}

void event_hub_free(struct event_hub *hub)
{
	pthread_mutex_destroy(&hub->lock);
}

/* With the lock. */
static void note_what_is_wanted(struct event_hub *hub)
{
	unsigned int kinds = 0;

	for (const struct events *events = hub->first; events; events = events->next)
		kinds |= events->kinds;
	atomic_store(&hub->wanted, kinds);
}

static void set_readable(struct events *events)
{
	const uint64_t one = 1;
	ssize_t written = write(events->fd, &one, sizeof(one));

	(void)written; /* full: it is readable already */
}

static struct event *take_first(struct events *events)
{
	struct event *event = events->first;

	if (!event)
		return NULL;
	events->first = event->next;
	events->count--;
	events->bytes -= event->len;
	if (!events->first)
		events->last = &events->first;
	return event;
}

static void make_room(struct events *events, size_t len)
{
	while (events->count == EVENT_QUEUE_MAX ||
	       (events->count > 0 && events->bytes + len > EVENT_QUEUE_BYTES)) {
		free(take_first(events));
		events->lost++;
	}
}

static void queue(struct events *events, const struct event *what, const char *text, size_t len)
{
	struct event *event = malloc(sizeof(*event) + len + 1);

	make_room(events, len);
	if (!event) {
		events->lost++;
		return;
	}
	*event = *what;
	event->next = NULL;
	event->len = len;
	if (len)
		memcpy(event->text, text, len);
	event->text[len] = '\0';
	*events->last = event;
	events->last = &event->next;
	events->bytes += len;
	events->count++;
	if (event == events->first)
		set_readable(events);
}

/* ---- states ---- */

/* What begins one, and what ends it. */
static const struct {
	enum event_kind begins;
	unsigned int ends;
} states[] = {
	{EVENT_STARTED, EVENT_BIT(EVENT_RESET) | EVENT_BIT(EVENT_ENDED)},
	{EVENT_BREAKPOINT,
	 EVENT_BIT(EVENT_RESUMED) | EVENT_BIT(EVENT_RESET) | EVENT_BIT(EVENT_ENDED)},
	{EVENT_PAUSED, EVENT_BIT(EVENT_RESUMED) | EVENT_BIT(EVENT_RESET) | EVENT_BIT(EVENT_ENDED)},
};

#define STATES (sizeof(states) / sizeof(states[0]))

static void change_states(struct event_hub *hub, const struct event *event)
{
	for (size_t i = 0; i < STATES; i++) {
		if (states[i].ends & EVENT_BIT(event->kind))
			hub->states[i].is = false;
		if (states[i].begins == event->kind)
			hub->states[i] = (struct event_state){.is = true,
							      .kind = event->kind,
							      .hart = event->hart,
							      .time_ns = event->time_ns,
							      .number = event->number,
							      .address = event->address};
	}
}

void event_hub_forget(struct event_hub *hub, enum event_kind kind)
{
	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < STATES; i++)
		if (states[i].begins == kind)
			hub->states[i].is = false;
	pthread_mutex_unlock(&hub->lock);
}

void events_add_states(struct events *events)
{
	const struct event_hub *hub = events->hub;

	pthread_mutex_lock(&events->hub->lock);
	for (size_t i = 0; i < STATES; i++) {
		const struct event_state *state = &hub->states[i];
		const struct event event = {.kind = state->kind,
					    .hart = state->hart,
					    .time_ns = state->time_ns,
					    .number = state->number,
					    .address = state->address};

		if (state->is)
			queue(events, &event, NULL, 0);
	}
	pthread_mutex_unlock(&events->hub->lock);
}

/* ---- posting ---- */

void event_post(struct event_hub *hub, const struct event *what, const char *text, size_t len)
{
	struct event stamped = *what;

	stamped.time_ns = clock_now();
	if (len > EVENT_TEXT_MAX)
		len = EVENT_TEXT_MAX;
	pthread_mutex_lock(&hub->lock);
	hub->over = hub->over || what->kind == EVENT_ENDED;
	change_states(hub, &stamped);
	for (struct events *events = hub->first; events; events = events->next)
		if (events->kinds & EVENT_BIT(what->kind))
			queue(events, &stamped, text, len);
	pthread_mutex_unlock(&hub->lock);
}

/* ---- one who wants to know ---- */

struct events *events_new(struct event_hub *hub, unsigned int kinds)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->fd < 0) {
		free(events);
		return NULL;
	}
	events->hub = hub;
	events->kinds = kinds;
	events->last = &events->first;
	pthread_mutex_lock(&hub->lock);
	events->next = hub->first;
	hub->first = events;
	note_what_is_wanted(hub);
	pthread_mutex_unlock(&hub->lock);
	return events;
}

static void leave_hub(struct events *events)
{
	struct events **at = &events->hub->first;

	pthread_mutex_lock(&events->hub->lock);
	while (*at != events)
		at = &(*at)->next;
	*at = events->next;
	note_what_is_wanted(events->hub);
	pthread_mutex_unlock(&events->hub->lock);
}

void events_free(struct events *events)
{
	struct event *event;
	uint64_t lost;

	if (!events)
		return;
	leave_hub(events);
	while ((event = events_take(events, &lost)))
		free(event);
	close(events->fd);
	free(events);
}

void events_choose(struct events *events, unsigned int kinds)
{
	pthread_mutex_lock(&events->hub->lock);
	events->kinds = kinds;
	note_what_is_wanted(events->hub);
	pthread_mutex_unlock(&events->hub->lock);
}

bool events_wants_any(const struct events *events)
{
	bool wants;

	pthread_mutex_lock(&events->hub->lock);
	wants = events->kinds != 0;
	pthread_mutex_unlock(&events->hub->lock);
	return wants;
}

int events_fd(const struct events *events)
{
	return events->fd;
}

bool events_over(const struct events *events)
{
	bool over;

	pthread_mutex_lock(&events->hub->lock);
	over = events->hub->over && !events->first;
	pthread_mutex_unlock(&events->hub->lock);
	return over;
}

struct event *events_take(struct events *events, uint64_t *lost)
{
	struct event *event;
	uint64_t count;

	pthread_mutex_lock(&events->hub->lock);
	*lost = events->lost;
	events->lost = 0;
	event = take_first(events);
	if (!events->first) {
		ssize_t got = read(events->fd, &count, sizeof(count));

		(void)got; /* not readable: nothing was there */
	}
	pthread_mutex_unlock(&events->hub->lock);
	return event;
}
