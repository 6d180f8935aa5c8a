/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_PAGER "less"
#define NOT_FOUND     127 /* of a shell */

const char *pager_command(const char *own, const char *general)
{
	const char *command = own ? own : general ? general : DEFAULT_PAGER;

	return !*command || !strcmp(command, "cat") ? NULL : command;
}

static bool is_there(const char *command)
{
	char words[256];
	int status;

	if ((size_t)snprintf(words, sizeof(words), "command -v %.*s >/dev/null 2>&1",
			     (int)strcspn(command, " "), command) >= sizeof(words))
		return false;
	status = system(words);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void run_pager(const char *command, int from)
{
	dup2(from, STDIN_FILENO);
	close(from);
	/* less: no pager for what fits, colours as they are, the screen as it was. */
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(NOT_FOUND);
}

void pager_open(struct pager *pager, bool wanted)
{
	const char *terminal = getenv("TERM");
	const char *command = pager_command(getenv("VHART_PAGER"), getenv("PAGER"));
	int ends[2];

	*pager = (struct pager){.out = stdout};
	if (!wanted || !command || !isatty(STDOUT_FILENO) || !terminal ||
	    !strcmp(terminal, "dumb") || !is_there(command) || pipe(ends) < 0)
		return;
	fflush(NULL);
	pager->process = fork();
	if (pager->process == 0) {
		close(ends[1]);
		run_pager(command, ends[0]);
	}
	close(ends[0]);
	if (pager->process > 0)
		pager->out = fdopen(ends[1], "w");
	if (pager->process < 0 || !pager->out) {
		close(ends[1]);
		*pager = (struct pager){.out = stdout};
		return;
	}
	/* Whoever has seen enough leaves it; Ctrl-C is for the pager. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

bool pager_close(struct pager *pager, bool written)
{
	if (!pager->process)
		return written;
	written = (fclose(pager->out) == 0 && written) || errno == EPIPE;
	while (waitpid(pager->process, NULL, 0) < 0 && errno == EINTR)
		;
	return written;
}
