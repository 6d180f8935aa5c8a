/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart probe`. Pure. */
#ifndef VHART_PROBE_OPTIONS_H
#define VHART_PROBE_OPTIONS_H

#include <stdbool.h>

#include "base/options.h"

struct probe_options {
	bool json, measure;
};

extern const struct option_table probe_options;

#endif
