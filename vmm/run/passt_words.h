/* SPDX-License-Identifier: Apache-2.0 */
/* What passt is told on its command line. Pure. */
#ifndef VHART_PASST_WORDS_H
#define VHART_PASST_WORDS_H

#include "vmm/config.h"

/* Those that are always there, and two for each forward and the MTU. */
#define PASST_ARGUMENTS (8 + 2 * (CONFIG_MAX_FORWARDS + 1))
#define PASST_RULE_LEN	32 /* "255.255.255.255/65535:65535" and its zero */

struct passt_words {
	const char *arguments[PASST_ARGUMENTS]; /* NULL behind the last */
	char mtu[12];
	char rules[CONFIG_MAX_FORWARDS][PASST_RULE_LEN];
};

/* For NET, with a connected socket as its file descriptor 3. */
void passt_words(struct passt_words *words, const char *program, const struct config_net *net);

#endif
