/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart run`. */
#ifndef VHART_RUN_OPTIONS_H
#define VHART_RUN_OPTIONS_H

#include "base/options.h"
#include "vmm/config.h"

extern const struct option_table run_options;

/*
 * Fills CONFIG with the defaults and what ARGV says, and refuses contradictions. 0, or STATUS_USAGE
 * after one error() line; after --help config->help is set. config->name stays NULL unless given:
 * the caller makes one up.
 */
int options_parse(int argc, char **argv, struct config *config);

#endif
