/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --config, and --print-config, which prints one. */
#ifndef VHART_CONFIG_FILE_H
#define VHART_CONFIG_FILE_H

#include <stdbool.h>

#include "base/options.h"
#include "vmm/config.h"

/* Reads by TABLE into CONFIG, which has the defaults, the file that ARGV names, if it does, and
 * then ARGV. 0, or STATUS_USAGE after one error() line. */
int config_read(struct config *config, const struct option_table *table, int argc, char **argv);

/*
 * Executes this program anew without the file: with what the file and the command line of CONFIG,
 * which is read, say together. So whoever looks at the process's command line (vhart list, ctl and
 * stat, ps) finds all of it. Returns where there is no file, or that cannot be done.
 */
void config_execute(const struct config *config);

/* Does --print-config. False after error(). */
bool config_print(const struct config *config);

/* What strings of CONFIG point into, but for the argument vector. Twice is once. */
void config_free(struct config *config);

#endif
