/* SPDX-License-Identifier: Apache-2.0 */
/* How often a vCPU of an earlier run made exits of each kind: a file of `vhart stat --save`. */
#ifndef VHART_BASELINE_H
#define VHART_BASELINE_H

#include <stdbool.h>

#include "trace/exits/exit_rows.h"
#include "trace/stat/stat_file.h"

struct baseline {
	double rates[EXIT_ROWS]; /* a second, of one vCPU */
};

/*
 * NOW is what is watched; guest "": of that nothing is known. What is unlike it in PATH is said in
 * note() lines, and taken all the same. False after error(): it is no such file, of another
 * version, or of no time.
 */
bool baseline_read(struct baseline *baseline, const char *path, const struct stat_facts *now);

#endif
