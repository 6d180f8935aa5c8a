/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat --openmetrics`: a file that is kept up to date, or a socket that is answered. */
#ifndef VHART_STAT_METRICS_H
#define VHART_STAT_METRICS_H

#include <stdbool.h>

#include "trace/stat/metrics_place.h"
#include "trace/stat/stat_options.h"
#include "trace/stat/stat_session.h"

/*
 * Before there is anything to count: the socket is there, or the file, with --once as soon as there
 * is something to be written. False after error(): it can be neither. metrics_place_close() ends
 * it.
 */
bool stat_metrics_begin(struct metrics_place *place, const struct stat_options *options,
			struct stat_session *session);
/* Until the VM ends or a signal comes (await()), or with --once after one interval, in ns. False
 * after error(). */
bool stat_metrics(const struct metrics_place *place, const struct stat_options *options,
		  struct stat_session *session, int signals, uint64_t interval);

#endif
