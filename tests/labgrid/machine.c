/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine run ... --control PATH ...: stands in for vhart where a driver is tried that starts it.
 * It has vhart's own control socket, with some verbs; its console says "booted" and gives back what
 * is typed, and the program's other words are on the first line.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/control/server.h"
#include "vmm/control/verbs.h"

struct machine_here {
	struct control control; /* first: verbs are given this */
	int stop;		/* an eventfd */
};

static void boot(void)
{
	printf("booted\n");
	fflush(stdout);
}

static bool here_status(struct verb_call *call)
{
	json_object_object_add(call->result, "state", json_object_new_string("running"));
	return true;
}

static bool here_reset(struct verb_call *call)
{
	(void)call;
	boot();
	return true;
}

static bool here_stop(struct verb_call *call)
{
	const struct machine_here *here = (const void *)call->control;

	return eventfd_write(here->stop, 1) == 0;
}

static bool here_fail(struct verb_call *call)
{
	strcpy(call->error, "dump: it has no memory");
	return false;
}

const struct verb verbs[] = {
	{.name = "status", .help = "", .when = WHEN_EVER, .run = here_status},
	{.name = "reset", .help = "", .when = WHEN_EVER, .run = here_reset},
	{.name = "stop", .help = "", .when = WHEN_EVER, .run = here_stop},
	{.name = "dump",
	 .help = "",
	 .when = WHEN_EVER,
	 .run = here_fail,
	 .arguments = {{.name = "file", .type = VERB_FILE, .help = ""}}},
	{.name = NULL},
};

/* Until it is stopped, or nobody types any more. */
static void give_back(int stop)
{
	struct pollfd files[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				 {.fd = stop, .events = POLLIN}};
	char bytes[256];
	ssize_t got;

	while (poll(files, 2, -1) > 0 && !files[1].revents) {
		got = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (got <= 0 || write(STDOUT_FILENO, bytes, (size_t)got) != got)
			break;
	}
}

int main(int argc, char **argv)
{
	const struct config config = {.name = "here", .cpus = 1};
	struct machine_here here = {.control = {.config = &config},
				    .stop = eventfd(0, EFD_CLOEXEC)};
	const char *path = NULL;
	struct server *server;

	for (int i = 1; i < argc; i++) {
		if (i > 1 && !strcmp(argv[i - 1], "--control"))
			path = argv[i];
		else
			printf("%s ", argv[i]);
	}
	printf("\n");
	if (!path)
		return 2;
	event_hub_init(&here.control.hub);
	server = server_new(&here.control, path);
	if (!server)
		return 1;
	boot();
	give_back(here.stop);
	server_free(server);
	event_hub_free(&here.control.hub);
	close(here.stop);
	return 0;
}
