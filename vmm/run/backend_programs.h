/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that serve devices to the guest, and what each wants to be told. Pure, but for where
 * they are and what this host has. */
#ifndef VHART_BACKEND_PROGRAMS_H
#define VHART_BACKEND_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

#include "vmm/config.h"

/* passt has the most: two for each forward and the MTU, beside some. */
#define BACKEND_WORDS (8 + 2 * (CONFIG_MAX_FORWARDS + 1))

struct backend_arguments {
	const char *words[BACKEND_WORDS]; /* NULL behind the last */
	unsigned int count;
	/* that words point into */
	char medium[4 * PATH_MAX], export[128], mtu[12], forwards[CONFIG_MAX_FORWARDS][32];
};

struct backend_program {
	const char *name;
	const char *does;    /* "serves the folder" */
	const char *package; /* "PACKAGE" that has it, and more words for the user */
	const char *const *places;
	/* Ways to shut it in, the best first; NULL behind the last. */
	const char *(*sandbox)(const struct config_backend *backend, unsigned int index);
	/* The rules of the sandbox "landlock" (confine.h), which is not the program's own. Negative
	 * errno. */
	int (*confine)(const struct config *config, const struct config_backend *backend);
	/* False after error(): what it is to serve cannot be that. NULL: all can. AGAIN: a guest
	 * has used it already. */
	bool (*check)(const struct config *config, const struct config_backend *backend,
		      bool again);
	/* Behind the program's path. False: there is no room for them. */
	bool (*arguments)(const struct config *config, const struct config_backend *backend,
			  const char *sandbox, struct backend_arguments *arguments);
	/* What the user wants to know of a line that it says. */
	const char *(*gist)(const char *line);
	bool connected; /* it takes a socket that is, and does not listen */
	int end_signal; /* 0: the end of its socket is its end */
	int end_ms;	/* so long it may take to end */
	/* What it has begun is only awaited at its end. */
	bool each_life;
};

/* NULL: whoever listens at a socket of --vhost-user. */
const struct backend_program *backend_program_of(const struct config_backend *backend);
/* Where it is; NULL: it is not on this host. */
const char *backend_program_find(const struct backend_program *program);

/* What the user calls it: "--share DIR" is an option and a subject. */
const char *backend_option_of(const struct config_backend *backend);
const char *backend_subject_of(const struct config *config, const struct config_backend *backend);

#endif
