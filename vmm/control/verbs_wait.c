/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vmm/control/event_json.h"
#include "vmm/control/verbs.h"

#define WAIT_DEFAULT 60.0

static bool is_awaited(const struct event *event, enum event_kind kind,
		       const struct verb_value *text)
{
	return event->kind == kind &&
	       (!text->given || memmem(event->text, event->len, text->text, text->len));
}

/* What will not come any more is not waited for. */
static bool fail(struct verb_call *call, const char *name, bool ended)
{
	snprintf(call->error, sizeof(call->error), "wait: %s: %s", name,
		 ended ? "the machine ended before" : "it did not happen in time");
	return false;
}

bool verb_wait(struct verb_call *call)
{
	const struct verb_value *seconds = &call->args[1], *text = &call->args[2];
	const double limit = seconds->given ? seconds->seconds : WAIT_DEFAULT;
	const uint64_t until_ns = clock_now() + (uint64_t)(limit * 1e9);
	const enum event_kind kind = event_find(call->args[0].text);
	struct event *event;
	bool awaited, ended;

	while ((event = control_wait(call->events, until_ns, call->abort_fd))) {
		awaited = is_awaited(event, kind, text);
		ended = event->kind == EVENT_ENDED;
		if (awaited)
			event_to_json(event, call->result);
		free(event);
		if (awaited)
			return true;
		if (ended)
			return fail(call, call->args[0].text, true);
	}
	return fail(call, call->args[0].text, false);
}

/* ---- listen ---- */

static bool add_kind(const char *name, size_t len, unsigned int *kinds)
{
	char word[32];
	enum event_kind kind;

	if (len >= sizeof(word))
		return false;
	memcpy(word, name, len);
	word[len] = '\0';
	kind = event_find(word);
	if (kind == EVENT_KINDS)
		return false;
	*kinds |= EVENT_BIT(kind);
	return true;
}

static bool kinds_of(const char *text, unsigned int *kinds)
{
	*kinds = strcmp(text, "all") ? 0 : EVENTS_ALL & ~EVENT_BIT(EVENT_CONSOLE);
	if (*kinds || !strcmp(text, "none"))
		return true;
	for (;; text++) {
		size_t len = strcspn(text, ",");

		if (!add_kind(text, len, kinds))
			return false;
		text += len;
		if (!*text)
			return true;
	}
}

bool verb_listen(struct verb_call *call)
{
	unsigned int kinds;

	if (!call->listens) {
		snprintf(call->error, sizeof(call->error),
			 "listen: only a client of the control socket can");
		return false;
	}
	if (!kinds_of(call->args[0].text, &kinds)) {
		snprintf(call->error, sizeof(call->error),
			 "listen: expected all, none, or names such as started,line,ended");
		return false;
	}
	events_choose(call->listens, kinds);
	return true;
}
