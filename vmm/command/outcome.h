/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest's init says, and what follows of it. Pure. */
#ifndef VHART_COMMAND_OUTCOME_H
#define VHART_COMMAND_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/command/protocol.h"

struct command_outcome {
	bool started; /* CMD runs, or ran */
	bool known;   /* END says how it ended, or why it did not run */
	struct command_message end;
	size_t part_len; /* of the message that comes */
	uint8_t part[sizeof(struct command_message)];
};

/* LEN bytes of the control port. NULL, or what is wrong with them: a constant. */
const char *outcome_hear(struct command_outcome *outcome, const void *bytes, size_t len);

/* The exit status; only if it is known. */
int outcome_status(const struct command_outcome *outcome);

/* In words, for CMD: "not found in the guest"; an empty text when it exited. */
void outcome_words(const struct command_outcome *outcome, char *words, size_t size);

#endif
