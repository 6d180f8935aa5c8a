/* SPDX-License-Identifier: Apache-2.0 */
/* A control socket at the path given, with the verbs of the manual's example, until its input ends.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vmm/control/server.h"
#include "vmm/control/verbs.h"

static bool sample_pause(struct verb_call *call)
{
	call->control->paused = true;
	return true;
}

static bool sample_status(struct verb_call *call)
{
	json_object_object_add(
		call->result, "state",
		json_object_new_string(call->control->paused ? "paused" : "running"));
	return true;
}

const struct verb verbs[] = {
	{.name = "pause", .help = "", .when = WHEN_EVER, .run = sample_pause},
	{.name = "status", .help = "", .when = WHEN_EVER, .run = sample_status},
	{.name = NULL},
};

int main(int argc, char **argv)
{
	const struct config config = {.name = "sample", .cpus = 1};
	struct control control = {.config = &config};
	struct server *server;
	char byte;

	if (argc != 2)
		return 2;
	event_hub_init(&control.hub);
	server = server_new(&control, argv[1]);
	if (!server)
		return 1;
	printf("listening\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	server_free(server);
	event_hub_free(&control.hub);
	return 0;
}
