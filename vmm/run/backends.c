/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/backends.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/socket_path.h"

#define GREET_MS  20000
#define WORDS_MAX 300
#define LINES_MAX 20u /* in all: what a guest asks for must not fill the user's log */

static void forget(struct backend *backend)
{
	if (backend->there)
		vhost_link_close(&backend->link);
	virtiofsd_end(&backend->process);
	backend->there = false;
}

/* ---- --share and --root ---- */

static const char *option_of(const struct config_backend *config)
{
	return config->root ? "--root" : "--share";
}

static bool is_folder(const struct config_backend *config)
{
	struct stat info;

	if (stat(config->share, &info) < 0)
		error("%s %s: %s", option_of(config), config->share, strerror(errno));
	else if (!S_ISDIR(info.st_mode))
		error("%s %s: this is not a folder", option_of(config), config->share);
	else
		return true;
	return false;
}

/* False: no virtiofsd could be started, after error(). Else the link says whether it is there. */
static bool start_in(struct backend *backend, const char *sandbox)
{
	const struct config_backend *config = backend->config;
	int fd;

	if (!virtiofsd_start(&backend->process, config, sandbox, &fd))
		return false;
	backend->there = true;
	vhost_link_init(&backend->link, fd);
	vhost_link_greet(&backend->link, GREET_MS);
	return true;
}

/* What to do without a sandbox is not to be guessed from words: the next one is tried. */
static bool share(struct backend *backend)
{
	char words[WORDS_MAX] = "";
	const char *sandbox = virtiofsd_sandbox(0), *next;
	const char *option = option_of(backend->config);

	if (!is_folder(backend->config))
		return false;
	for (unsigned int i = 1; start_in(backend, sandbox); i++) {
		if (!backend->link.broken)
			return true;
		virtiofsd_await_end(&backend->process);
		virtiofsd_last_words(&backend->process, words, sizeof(words));
		next = virtiofsd_sandbox(i);
		if (!next) {
			error("%s %s: virtiofsd %s%s%s", option, backend->config->share,
			      backend->link.broken, *words ? ": " : "", words);
			break;
		}
		forget(backend);
		warning("%s %s: virtiofsd cannot have the sandbox '%s' here, and has '%s'%s%s",
			option, backend->config->share, sandbox, next, *words ? ": " : "", words);
		sandbox = next;
	}
	forget(backend);
	return false;
}

/* ---- --vhost-user ---- */

static bool connect_to(struct backend *backend)
{
	const char *path = backend->config->socket;
	int fd = socket_path_connect(path);

	if (fd < 0) {
		error("--vhost-user %s,socket=%s: %s%s", backend->config->type, path,
		      strerror(errno),
		      errno == ECONNREFUSED || errno == ENOENT
			      ? ": nobody listens there: start the back-end first"
			      : "");
		return false;
	}
	backend->there = true;
	vhost_link_init(&backend->link, fd);
	return true;
}

/* ---- all ---- */

static bool make_ready(struct backend *backend)
{
	if (backend->there && !backend->link.broken)
		return true;
	forget(backend);
	return backend->config->share ? share(backend) : connect_to(backend);
}

static struct backends *make(const struct config *config)
{
	struct backends *backends = calloc(1, sizeof(*backends));

	if (!backends) {
		error("no memory for vhost-user devices");
		return NULL;
	}
	backends->count = config->backend_count;
	for (unsigned int i = 0; i < backends->count; i++) {
		struct backend *backend = &backends->each[i];

		backend->config = &config->backends[i];
		if (backend->config->share)
			snprintf(backend->who, sizeof(backend->who), "virtiofsd of %s %s",
				 option_of(backend->config), backend->config->share);
		else
			snprintf(backend->who, sizeof(backend->who), "the back-end at %s",
				 backend->config->socket);
	}
	return backends;
}

bool backends_ready(const struct config *config, struct backends **backends)
{
	if (!config->backend_count)
		return true;
	if (!*backends)
		*backends = make(config);
	if (!*backends)
		return false;
	for (unsigned int i = 0; i < (*backends)->count; i++)
		if (!make_ready(&(*backends)->each[i]))
			return false;
	return true;
}

void backends_close(struct backends *backends)
{
	if (!backends)
		return;
	for (unsigned int i = 0; i < backends->count; i++)
		if (backends->each[i].there)
			vhost_link_close(&backends->each[i].link);
	/* They end at the same time. */
	for (unsigned int i = 0; i < backends->count; i++)
		forget(&backends->each[i]);
	free(backends);
}

/* ---- what they say: with --verbose, as it can be no more than that a ring was stopped ---- */

static void words_ready(struct loop_watch *watch, short revents)
{
	struct backend *backend = watch->opaque;
	char words[WORDS_MAX];

	virtiofsd_last_words(&backend->process, words, sizeof(words));
	if (*words && backend->lines < LINES_MAX) {
		backend->lines++;
		verbose("%s: %s", backend->who, words);
	}
	if (!*words && revents & POLLHUP)
		backend_ignore(backend);
}

void backend_listen(struct backend *backend, struct loop *loop)
{
	if (!backend->process.pid)
		return;
	backend->words = (struct loop_watch){.fd = backend->process.words,
					     .events = POLLIN,
					     .ready = words_ready,
					     .opaque = backend};
	backend->loop = loop_watch_add(loop, &backend->words) == 0 ? loop : NULL;
}

void backend_ignore(struct backend *backend)
{
	if (backend->loop)
		loop_watch_remove(backend->loop, &backend->words);
	backend->loop = NULL;
}
