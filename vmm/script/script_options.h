/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `vhart script`, for a struct script_options (state.h). Pure. */
#ifndef VHART_SCRIPT_OPTIONS_H
#define VHART_SCRIPT_OPTIONS_H

#include "base/options.h"

extern const struct option_table script_options;

#endif
