/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `vhart run`. */
#ifndef VHART_RUN_OPTIONS_H
#define VHART_RUN_OPTIONS_H

#include "base/options.h"
#include "vmm/config.h"

extern const struct option_table run_options;

/*
 * Fills CONFIG with the defaults and what ARGV, and a file that it names, say, and refuses
 * contradictions. 0, and config_free() is due, or STATUS_USAGE after one error() line; after --help
 * or --print-config config->help is set. config->name stays NULL unless given: the caller makes one
 * up.
 */
int options_parse(int argc, char **argv, struct config *config);

#endif
