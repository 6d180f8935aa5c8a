/* SPDX-License-Identifier: Apache-2.0 */
/* --extract: files of the guest that come out once CMD has ended, by a port of their own. */
#ifndef VHART_COMMAND_EXTRACT_H
#define VHART_COMMAND_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"

struct config;
struct extracts;

/* One new file beside each that is asked for, of a name of its own until it is complete. NULL after
 * error(). */
struct extracts *extracts_new(const struct config *config);
/* Files that are not complete go. NULL is fine. */
void extracts_free(struct extracts *extracts);

/* READY(OPAQUE), under the machine's lock: there is room again, or all has been written. */
void extracts_watch(struct extracts *extracts, struct loop *loop, void (*ready)(void *opaque),
		    void *opaque);
/* As take of a port (devices/ports.h); *WRONG is NULL, or what is wrong with the bytes: a constant,
 * once. */
size_t extracts_take(struct extracts *extracts, const void *bytes, size_t len, const char **wrong);
/* All that came has been written, or cannot be. */
bool extracts_through(struct extracts *extracts);

/* When the machine has ended, and CMD before it: each complete file gets its name, and a line says
 * what became of the others. False: not all are there. */
bool extracts_finish(struct extracts *extracts);

#endif
