/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/outcome.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { NOT_RUNNABLE = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };

static const char *check_end(const struct command_message *message)
{
	switch (message->kind) {
	case COMMAND_EXITED: return message->value <= 255 ? NULL : "an exit status above 255";
	case COMMAND_SIGNALLED:
		return message->value >= 1 && message->value <= 64 ? NULL : "a signal that is none";
	case COMMAND_NOT_RUN:
		return message->value >= 1 && message->value <= 4095 ? NULL
								     : "an errno that is none";
	default: return "a message that is not known";
	}
}

static const char *take_message(struct command_outcome *outcome)
{
	struct command_message message;
	const char *wrong;

	memcpy(&message, outcome->part, sizeof(message));
	message.kind = le32toh(message.kind);
	message.value = le32toh(message.value);
	if (outcome->known)
		return "a message after CMD's end";
	if (message.kind == COMMAND_STARTED) {
		outcome->started = true;
		return NULL;
	}
	wrong = check_end(&message);
	if (wrong)
		return wrong;
	outcome->known = true;
	outcome->end = message;
	return NULL;
}

const char *outcome_hear(struct command_outcome *outcome, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	const char *wrong = NULL;

	for (size_t i = 0; i < len; i++) {
		const char *now;

		outcome->part[outcome->part_len++] = from[i];
		if (outcome->part_len < sizeof(outcome->part))
			continue;
		outcome->part_len = 0;
		now = take_message(outcome);
		wrong = wrong ? wrong : now;
	}
	return wrong;
}

int outcome_status(const struct command_outcome *outcome)
{
	const int value = (int)outcome->end.value;

	switch (outcome->end.kind) {
	case COMMAND_EXITED: return value;
	case COMMAND_SIGNALLED: return BY_SIGNAL + value;
	default: return value == ENOENT || value == ENOTDIR ? NOT_FOUND : NOT_RUNNABLE;
	}
}

void outcome_words(const struct command_outcome *outcome, char *words, size_t size)
{
	const int value = (int)outcome->end.value;
	const char *name = outcome->end.kind == COMMAND_SIGNALLED ? sigabbrev_np(value) : NULL;

	*words = '\0';
	if (name)
		snprintf(words, size, "was ended by signal %d (SIG%s)", value, name);
	else if (outcome->end.kind == COMMAND_SIGNALLED)
		snprintf(words, size, "was ended by signal %d", value);
	else if (outcome->end.kind == COMMAND_NOT_RUN && outcome_status(outcome) == NOT_FOUND)
		snprintf(words, size, "was not found in the guest");
	else if (outcome->end.kind == COMMAND_NOT_RUN)
		snprintf(words, size, "cannot be run in the guest: %s", strerror(value));
}
