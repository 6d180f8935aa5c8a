/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the ports in this process, and the run of CMD from its start to its status. */
#include "vmm/command/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/reader.h"
#include "base/writer.h"
#include "devices/ports.h"
#include "vmm/command/console_tail.h"
#include "vmm/command/extract.h"
#include "vmm/command/outcome.h"
#include "vmm/command/output.h"
#include "vmm/command/protocol.h"
#include "vmm/config.h"

#define INPUT_ROOM (64u << 10)

#define INTERRUPTS_MOST 2u  /* handed to CMD; the next one ends the machine */
#define CONSOLE_LINES	50u /* an oops */

struct guest_command {
	const char *name;	 /* CMD */
	struct machine *machine; /* NULL: not yet, or no more */
	struct virtio_device *device;

	struct reader *reader;
	struct loop_watch in_watch;
	bool in_watched, in_ended;
	struct loop_task close_in;

	struct output out, err;

	struct extracts *extracts;
	bool files_taken;   /* all that the guest has sent */
	bool files_missing; /* known when the machine has ended */

	struct command_outcome outcome;
	bool over; /* the machine was asked to end */
	unsigned int interrupts;
	struct command_message orders[INTERRUPTS_MOST]; /* for the guest */
	unsigned int order_count;
	size_t order_sent; /* bytes of the first */

	struct console_tail console;
};

/* ---- the end ---- */

/* CMD has ended, and its output is where it belongs: nothing else is waited for. */
static void end_if_through(struct guest_command *command)
{
	if (!command->outcome.known || command->over)
		return;
	bool out = output_is_through(&command->out), err = output_is_through(&command->err);
	bool files = command->files_taken && extracts_through(command->extracts);
	if (!out || !err || !files)
		return;
	command->over = true;
	machine_request_end(command->machine, END_POWEROFF);
}

/* ---- output ---- */

static size_t take_output(void *opaque, const void *bytes, size_t len)
{
	struct output *output = opaque;
	size_t taken = writer_put(output->writer, bytes, len);

	output->taken = false;
	writer_go(output->writer);
	return taken;
}

static void output_taken(void *opaque)
{
	struct output *output = opaque;

	output->taken = true;
	end_if_through(output->command);
}

static void output_event(struct loop_watch *watch, short revents)
{
	struct output *output = watch->opaque;
	struct guest_command *command = output->command;
	int err = writer_error(output->writer);

	(void)revents;
	writer_heard(output->writer);
	if (err) {
		loop_watch_remove(machine_loop(command->machine), watch);
		output_say_failure(output);
		ports_close(command->device, output->port);
	} else {
		ports_go_on(command->device, output->port);
	}
	end_if_through(command);
}

/* ---- files ---- */

static size_t take_files(void *opaque, const void *bytes, size_t len)
{
	struct guest_command *command = opaque;
	const char *wrong;
	const size_t taken = extracts_take(command->extracts, bytes, len, &wrong);

	command->files_taken = false;
	if (wrong)
		machine_guest_error(command->machine, "vhart-init", "%s", wrong);
	return taken;
}

static void files_taken(void *opaque)
{
	struct guest_command *command = opaque;

	command->files_taken = true;
	end_if_through(command);
}

static void files_go_on(void *opaque)
{
	struct guest_command *command = opaque;

	ports_go_on(command->device, COMMAND_FILES);
	end_if_through(command);
}

/* ---- input ---- */

static void watch_input(struct guest_command *command, bool on)
{
	struct loop *loop = machine_loop(command->machine);

	if (on == command->in_watched)
		return;
	if (on)
		command->in_watched = loop_watch_add(loop, &command->in_watch) == 0;
	else
		loop_watch_remove(loop, &command->in_watch);
	command->in_watched = command->in_watched && on;
}

/* The reader is looked at only when the guest has room; what it has waits there. */
static size_t give_input(void *opaque, void *bytes, size_t len)
{
	struct guest_command *command = opaque;
	size_t given;

	if (command->in_ended)
		return 0;
	given = reader_take(command->reader, bytes, len, &command->in_ended);
	if (command->in_ended)
		loop_post(machine_loop(command->machine), &command->close_in);
	watch_input(command, !given && !command->in_ended);
	return given;
}

static void close_input(struct loop_task *task)
{
	struct guest_command *command = task->opaque;

	ports_close(command->device, COMMAND_STDIN);
}

/* Until the guest takes it, there is no more to hear. */
static void input_event(struct loop_watch *watch, short revents)
{
	struct guest_command *command = watch->opaque;

	(void)revents;
	watch_input(command, false);
	ports_go_on(command->device, COMMAND_STDIN);
}

/* ---- control ---- */

static size_t hear(void *opaque, const void *bytes, size_t len)
{
	struct guest_command *command = opaque;
	const bool known = command->outcome.known;
	const char *wrong = outcome_hear(&command->outcome, bytes, len);

	if (wrong)
		machine_guest_error(command->machine, "vhart-init", "%s", wrong);
	if (command->outcome.known && !known) {
		/* What it wrote before that is in the queues at least. */
		command->out.taken = command->err.taken = command->files_taken = false;
		ports_go_on(command->device, COMMAND_STDOUT);
		ports_go_on(command->device, COMMAND_STDERR);
		ports_go_on(command->device, COMMAND_FILES);
	}
	return len;
}

static size_t give_orders(void *opaque, void *bytes, size_t len)
{
	struct guest_command *command = opaque;
	const size_t there =
		command->order_count * sizeof(command->orders[0]) - command->order_sent;

	len = len < there ? len : there;
	memcpy(bytes, (const uint8_t *)command->orders + command->order_sent, len);
	command->order_sent += len;
	return len;
}

bool guest_command_interrupt(struct guest_command *command)
{
	if (!command->machine || !command->outcome.started || command->outcome.known ||
	    command->order_count == INTERRUPTS_MOST)
		return false;
	command->orders[command->order_count++] = (struct command_message){COMMAND_SIGNAL, SIGINT};
	ports_go_on(command->device, COMMAND_CONTROL);
	return true;
}

/* ---- life ---- */

struct guest_command *guest_command_new(const struct config *config)
{
	struct guest_command *command = calloc(1, sizeof(*command));
	const char *name = config->command[0];
	bool good = command != NULL;

	if (good) {
		command->extracts = extracts_new(config);
		if (!command->extracts) {
			free(command);
			return NULL;
		}
		command->name = name;
		command->reader = reader_new(STDIN_FILENO, INPUT_ROOM);
		good = command->reader &&
		       output_open(&command->out, command, name, COMMAND_STDOUT, STDOUT_FILENO) &&
		       output_open(&command->err, command, name, COMMAND_STDERR, STDERR_FILENO);
	}
	if (good)
		return command;
	error("no threads for the input and output of %s: %s: raise the limit of processes "
	      "(ulimit -u)",
	      name, strerror(errno));
	guest_command_free(command, true);
	return NULL;
}

void guest_command_free(struct guest_command *command, bool hurry)
{
	if (!command)
		return;
	output_finish(&command->out, hurry);
	output_finish(&command->err, hurry);
	reader_free(command->reader);
	writer_free(command->out.writer);
	writer_free(command->err.writer);
	extracts_free(command->extracts);
	free(command);
}

static void watch_output(struct output *output, struct loop *loop)
{
	output->watch = (struct loop_watch){.fd = writer_event(output->writer),
					    .events = POLLIN,
					    .ready = output_event,
					    .opaque = output};
	loop_watch_add(loop, &output->watch);
}

struct virtio_device *guest_command_device(struct guest_command *command, struct machine *machine)
{
	static const char *const names[COMMAND_PORTS] = COMMAND_PORT_NAMES;
	const struct port_side sides[COMMAND_PORTS] = {
		[COMMAND_CONTROL] = {names[COMMAND_CONTROL], hear, give_orders, NULL, command},
		[COMMAND_STDIN] = {names[COMMAND_STDIN], NULL, give_input, NULL, command},
		[COMMAND_STDOUT] = {names[COMMAND_STDOUT], take_output, NULL, output_taken,
				    &command->out},
		[COMMAND_STDERR] = {names[COMMAND_STDERR], take_output, NULL, output_taken,
				    &command->err},
		[COMMAND_FILES] = {names[COMMAND_FILES], take_files, NULL, files_taken, command},
	};

	command->device = virtio_ports_new(machine, "command", sides, COMMAND_PORTS);
	if (!command->device)
		return NULL;
	command->machine = machine;
	command->in_watch = (struct loop_watch){.fd = reader_event(command->reader),
						.events = POLLIN,
						.ready = input_event,
						.opaque = command};
	command->close_in = (struct loop_task){.run = close_input, .opaque = command};
	watch_output(&command->out, machine_loop(machine));
	watch_output(&command->err, machine_loop(machine));
	extracts_watch(command->extracts, machine_loop(machine), files_go_on, command);
	return command->device;
}

void guest_command_unplug(struct guest_command *command)
{
	command->machine = NULL;
	command->device = NULL;
	if (command->over)
		command->files_missing = !extracts_finish(command->extracts);
}

void guest_command_console(void *opaque, const void *bytes, size_t len)
{
	struct guest_command *command = opaque;

	console_tail_add(&command->console, bytes, len);
}

/* ---- what came of it ---- */

int guest_command_status(const struct guest_command *command, enum machine_end end, int otherwise)
{
	if (end != END_POWEROFF)
		return otherwise;
	if (output_has_failed(&command->out) || output_has_failed(&command->err))
		return STATUS_NOT_RUN;
	if (!command->outcome.known)
		return STATUS_GUEST_OTHER;
	if (command->files_missing && !outcome_status(&command->outcome))
		return STATUS_NOT_EXTRACTED;
	return outcome_status(&command->outcome);
}

static void tell_line(const char *line)
{
	note("console: %s", line);
}

void guest_command_report(struct guest_command *command, enum machine_end end)
{
	char words[128];

	output_say_failure(&command->out);
	output_say_failure(&command->err);
	if (command->outcome.known) {
		outcome_words(&command->outcome, words, sizeof(words));
		if (*words)
			note("%s %s", command->name, words);
		return;
	}
	if (end == END_NONE || end == END_SIGNAL || end == END_QUIT)
		return;
	console_tail_lines(&command->console, CONSOLE_LINES, tell_line);
	error("the machine ended before %s did%s", command->name,
	      command->outcome.started ? "" : ", which had not started");
}
