/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/passt.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/run/passt_words.h"

static const char *const places[] = {"/usr/bin/passt", "/usr/local/bin/passt", "/bin/passt"};

static const char *find_program(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	error("--net passt: there is no passt on this host: install the package passt, or take "
	      "--net user");
	return NULL;
}

bool passt_start(struct virtiofsd *process, const struct config_net *net, int *socket_fd)
{
	const char *program = find_program();
	struct passt_words words;
	int ends[2], result;

	*process = (struct virtiofsd){.pid = 0};
	if (!program)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		error("--net passt: no socket for it: %s", strerror(errno));
		return false;
	}
	passt_words(&words, program, net);
	result = virtiofsd_spawn(process, words.arguments, ends[1]);
	close(ends[1]);
	*socket_fd = ends[0];
	if (result == 0)
		return true;
	close(ends[0]);
	error("--net passt: %s does not start: %s", program, strerror(result));
	return false;
}
