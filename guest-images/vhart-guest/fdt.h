/* SPDX-License-Identifier: Apache-2.0 */
/* The few questions that guests ask the FDT. */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include <stdint.h>

/* bootargs of /chosen, or "". */
const char *fdt_bootargs(const void *fdt);
/* timebase-frequency of /cpus: ticks of the time CSR in a second; 0: it is not there. */
uint64_t fdt_timebase(const void *fdt);
/* How many cells PROPERTY of the node NODE below the root has; 0: there is none. */
uint32_t fdt_cells(const void *fdt, const char *node, const char *property);
/* One of them. */
uint32_t fdt_cell(const void *fdt, const char *node, const char *property, uint32_t index);
/* The number N of a word "NAME=N" in ARGS (decimal), or OTHERWISE. */
uint64_t bootarg(const char *args, const char *name, uint64_t otherwise);

#endif
