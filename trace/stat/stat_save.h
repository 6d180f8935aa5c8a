/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat --save`: all that was counted, in a file for `vhart diff`. */
#ifndef VHART_STAT_SAVE_H
#define VHART_STAT_SAVE_H

#include <stdbool.h>

#include "trace/stat/stat_options.h"
#include "trace/stat/stat_session.h"

/* What is known of a run before it ends: of the host, and which guest it is. */
void stat_facts_begin(const struct target *target, struct stat_facts *facts);

/* Before a VM that is started runs, or one that runs can end: stat_facts_begin(), and whether
 * stat_save() could write. False after error(). */
bool stat_save_begin(const struct stat_options *options, struct stat_facts *facts);
/* What SESSION has seen, in one step (replaced_file.h); FACTS become whole. False after error(). */
bool stat_save(const struct stat_options *options, struct stat_facts *facts,
	       struct stat_session *session);

#endif
