/* SPDX-License-Identifier: Apache-2.0 */
/* The files of `vhart stat` that are written at the end: that of --save, and the page of --html. */
#ifndef VHART_STAT_SAVE_H
#define VHART_STAT_SAVE_H

#include <stdbool.h>

#include "trace/findings/findings_print.h"
#include "trace/stat/stat_options.h"
#include "trace/stat/stat_session.h"

/* What is known of a run before it ends: of the host, and which guest it is. */
void stat_facts_begin(const struct target *target, struct stat_facts *facts);

/* While the VM is there: stat_facts_begin(), and whether the files could be written at the end.
 * False after error(). */
bool stat_save_begin(const struct stat_options *options, struct stat_facts *facts);
/* FACTS are those of stat_save_begin(). False after error(). */
bool stat_save(const struct stat_options *options, struct stat_facts *facts,
	       struct stat_session *session, const struct findings_view *findings_view);

#endif
