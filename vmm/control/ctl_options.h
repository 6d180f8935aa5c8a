/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of `vhart ctl` and `vhart list`. Pure. */
#ifndef VHART_CTL_OPTIONS_H
#define VHART_CTL_OPTIONS_H

#include <stdbool.h>

#include "base/options.h"

#define CTL_WORDS_MAX 64u

struct ctl_options {
	bool json;
	char *words[CTL_WORDS_MAX];
	unsigned int count;
};

struct list_options {
	bool json;
};

extern const struct option_table ctl_options;
extern const struct option_table list_options;

#endif
