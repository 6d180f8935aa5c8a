/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output or error of CMD, on their way out of this process. */
#ifndef VHART_COMMAND_OUTPUT_H
#define VHART_COMMAND_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "vmm/command/protocol.h"

struct guest_command;
struct writer;

struct output {
	struct guest_command *command;
	const char *of; /* CMD */
	enum command_port port;
	const char *name;
	struct writer *writer;
	struct loop_watch watch;
	bool taken; /* all that the guest has written */
	bool failure_said;
};

/* False with errno set. */
bool output_open(struct output *output, struct guest_command *command, const char *of,
		 enum command_port port, int fd);
/* All that the guest has written is out. */
bool output_is_through(struct output *output);
/* A reader that has enough is no fault: CMD gets SIGPIPE, as anywhere. */
bool output_has_failed(const struct output *output);
void output_say_failure(struct output *output);
/* Waits for what is not out yet, as console_finish() does. */
void output_finish(const struct output *output, bool hurry);

#endif
