/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/command/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/writer.h"

#define OUTPUT_ROOM (1u << 20)

/* What is not written at an end that was not CMD's, as of a console. */
#define HURRY_MS 200u /* where somebody waits for the end */
#define QUIET_MS 1000u
#define MOST_MS	 10000u

bool output_open(struct output *output, struct guest_command *command, const char *of,
		 enum command_port port, int fd)
{
	*output = (struct output){
		.command = command,
		.of = of,
		.port = port,
		.name = fd == STDOUT_FILENO ? "output" : "error",
		.writer = writer_new(fd, OUTPUT_ROOM),
	};
	return output->writer != NULL;
}

bool output_is_through(struct output *output)
{
	if (!output->taken)
		return false;
	writer_tell_empty(output->writer);
	return writer_left(output->writer) == 0;
}

bool output_has_failed(const struct output *output)
{
	const int err = writer_error(output->writer);

	return err && err != EPIPE;
}

/* CMD may have ended before it was known. */
void output_say_failure(struct output *output)
{
	if (!output->failure_said && output_has_failed(output))
		error("standard %s: %s: the output of %s is not complete", output->name,
		      strerror(writer_error(output->writer)), output->of);
	output->failure_said = true;
}

void output_finish(const struct output *output, bool hurry)
{
	size_t left = 0;

	if (output->writer && hurry)
		left = writer_finish(output->writer, HURRY_MS, HURRY_MS);
	else if (output->writer)
		left = writer_finish(output->writer, QUIET_MS, MOST_MS);
	if (left)
		warning("standard %s does not take the last %zu bytes of %s", output->name, left,
			output->of);
}
