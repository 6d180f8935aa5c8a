/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which modules of a kernel are to be loaded, and in which order: from the modules.dep that depmod
 * writes. Pure; untrusted bytes, fuzzed.
 */
#ifndef VHART_MODULES_H
#define VHART_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"

#define MODULES_MOST	   64u
#define MODULES_PATH_MAX   256u /* with its zero */
#define KERNEL_VERSION_MAX 65u	/* as uname(2) has it */

/* Paths below the folder of modules.dep; each stands behind all that it needs, and none twice. */
struct module_list {
	char paths[MODULES_MOST][MODULES_PATH_MAX];
	unsigned int count;
};

/*
 * Adds the module NAME (with underscores, as in lsmod) and what it needs by DEP, the text of a
 * modules.dep; nothing where that does not have it: it is built in, or there is none. NULL, or what
 * is wrong with its line: a constant; then nothing is added.
 */
const char *modules_add(struct module_list *list, const struct blob *dep, const char *name);

/* The version in the banner of an unpacked kernel. False: it has none that can be a folder's name.
 */
bool kernel_version(const struct blob *kernel, char version[KERNEL_VERSION_MAX]);

#endif
