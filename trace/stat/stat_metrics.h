/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat --openmetrics`: a file that is kept up to date, or a socket that is answered. */
#ifndef VHART_STAT_METRICS_H
#define VHART_STAT_METRICS_H

#include <stdbool.h>

#include "trace/stat/stat_options.h"
#include "trace/stat/stat_session.h"

/* Until the VM ends or a signal comes (await()), or with --once after one interval, in ns. False
 * after error(). */
bool stat_metrics(const struct stat_options *options, struct stat_session *session, int signals,
		  uint64_t interval);

#endif
