/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/backends.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/socket_path.h"

#define GREET_MS  20000
#define WORDS_MAX 300
#define LINES_MAX 20u /* in all: what a guest asks for must not fill the user's log */

/* Several can end at the same time. */
static void ask_to_end(struct backend *backend)
{
	if (backend->there)
		vhost_link_close(&backend->link);
	backend->there = false;
	backend_process_ask(&backend->process);
}

static void forget(struct backend *backend)
{
	ask_to_end(backend);
	if (!backend_process_end(&backend->process))
		warning("%s did not end by itself, and was killed", backend->who);
}

/* ---- processes of ours ---- */

/* The gist of its last line. */
static void last_words(const struct backend *backend, char *words, size_t size)
{
	char line[4096]; /* with all that it repeats of its arguments */

	backend_process_last_words(&backend->process, line, sizeof(line));
	snprintf(words, size, "%s", backend->program->gist(line));
}

/* 0, or an errno; FD is the other end of its socket. */
static int start_process(struct backend *backend, const char *sandbox,
			 struct backend_arguments *arguments, int *fd)
{
	const struct backend_program *program = backend->program;
	const bool confined = !strcmp(sandbox, "landlock");
	int rules = -1, result;

	if (!program->arguments(backend->all, backend->config, sandbox, arguments))
		return ENAMETOOLONG;
	if (confined)
		rules = program->confine(backend->all, backend->config);
	if (confined && rules < 0)
		return -rules;
	result = backend_process_start(&backend->process, arguments->words, rules, fd);
	if (confined)
		close(rules);
	return result;
}

/* False: it could not be started, after error(). Else the link says whether it is there. */
static bool start_in(struct backend *backend, const char *sandbox)
{
	const struct backend_program *program = backend->program;
	struct backend_arguments arguments = {.count = 1};
	int fd, result;

	arguments.words[0] = backend_program_find(program);
	if (!arguments.words[0]) {
		error("%s %s: there is no %s on this host, which %s: install the package %s",
		      backend->option, backend->subject, program->name, program->does,
		      program->package);
		return false;
	}
	backend->process = (struct backend_process){.connected = program->connected,
						    .end_signal = program->end_signal,
						    .end_ms = program->end_ms};
	result = start_process(backend, sandbox, &arguments, &fd);
	if (result != 0) {
		error("%s %s: %s does not start: %s", backend->option, backend->subject,
		      arguments.words[0], strerror(result));
		return false;
	}
	backend->there = true;
	vhost_link_init(&backend->link, fd);
	vhost_link_greet(&backend->link, GREET_MS);
	return true;
}

/* What to do without a sandbox is not to be guessed from words: the next one is tried. */
static bool serve(struct backend *backend)
{
	const struct backend_program *program = backend->program;
	const char *sandbox = program->sandbox(backend->config, 0), *next;
	char words[WORDS_MAX] = "";

	if (program->check && !program->check(backend->all, backend->config, backend->began))
		return false;
	if (!backend->began && program->confine && !strcmp(sandbox, "none"))
		warning("%s %s: this kernel has no Landlock: %s has no sandbox", backend->option,
			backend->subject, program->name);
	backend->began = true;
	for (unsigned int i = 1; start_in(backend, sandbox); i++) {
		if (!backend->link.backend.broken)
			return true;
		backend_process_await_end(&backend->process);
		last_words(backend, words, sizeof(words));
		next = program->sandbox(backend->config, i);
		if (!next) {
			error("%s %s: %s %s%s%s", backend->option, backend->subject, program->name,
			      backend->link.backend.broken, *words ? ": " : "", words);
			break;
		}
		forget(backend);
		warning("%s %s: %s cannot have the sandbox '%s' here, and has '%s'%s%s",
			backend->option, backend->subject, program->name, sandbox, next,
			*words ? ": " : "", words);
		sandbox = next;
	}
	forget(backend);
	return false;
}

/* ---- --vhost-user ---- */

/* It may have gone in the guest's last life, in which it would be awaited. */
static bool is_awaited(struct backend *backend)
{
	const struct vhost_backend *gone = &backend->link.backend;

	if (!gone->returns || !gone->offer.known)
		return false;
	vhost_link_await(&backend->link);
	warning("%s is not there: it is awaited, and so is what the guest asks of the device",
		backend->who);
	return true;
}

static bool connect_to(struct backend *backend)
{
	const char *path = backend->config->socket;
	int fd = socket_path_connect(path);

	if (fd < 0 && is_awaited(backend))
		return true;
	if (fd < 0) {
		error("--vhost-user %s,socket=%s: %s%s", backend->config->type, path,
		      strerror(errno),
		      errno == ECONNREFUSED || errno == ENOENT
			      ? ": nobody listens there: start the back-end first"
			      : "");
		return false;
	}
	backend->there = true;
	vhost_link_renew(&backend->link, fd);
	return true;
}

/* ---- all ---- */

/* Over the guest's reset. */
static bool stays(const struct backend *backend)
{
	return backend->there && !backend->link.backend.broken &&
	       !(backend->program && backend->program->each_life);
}

static bool make_ready(struct backend *backend)
{
	const struct backend_program *program = backend->program;

	if (stays(backend))
		return true;
	forget(backend);
	return program ? serve(backend) : connect_to(backend);
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

		const char *who;

		backend->all = config;
		backend->config = &config->backends[i];
		backend->program = backend_program_of(backend->config);
		backend->option = backend_option_of(backend->config);
		backend->subject = backend_subject_of(config, backend->config);
		who = backend->program ? backend->program->name : "the back-end";
		snprintf(backend->who, sizeof(backend->who), "%s of %s %s", who, backend->option,
			 backend->subject);
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
		if (!stays(&(*backends)->each[i]))
			ask_to_end(&(*backends)->each[i]);
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
		ask_to_end(&backends->each[i]);
	for (unsigned int i = 0; i < backends->count; i++)
		forget(&backends->each[i]);
	free(backends);
}

/* ---- what they say: with --verbose, as it can be no more than that a ring was stopped ---- */

static void words_ready(struct loop_watch *watch, short revents)
{
	struct backend *backend = watch->opaque;
	char words[WORDS_MAX];

	last_words(backend, words, sizeof(words));
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
