/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart run` is told of the harts: --cpu and --affinity. Pure. */
#ifndef VHART_CPU_OPTIONS_H
#define VHART_CPU_OPTIONS_H

/*
 * VALUE into TARGET, a struct config. NULL: fine; else words that say what was expected, as parse
 * of option_spec.h.
 */
const char *cpu_option(char *value, void *target);
const char *affinity_option(char *value, void *target);

#endif
