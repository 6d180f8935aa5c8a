/* SPDX-License-Identifier: Apache-2.0 */
/* The one question that guests ask the FDT. */
#ifndef GUEST_FDT_H
#define GUEST_FDT_H

#include <stdint.h>

/* bootargs of /chosen, or "". */
const char *fdt_bootargs(const void *fdt);
/* The number N of a word "NAME=N" in ARGS (decimal), or OTHERWISE. */
uint64_t bootarg(const char *args, const char *name, uint64_t otherwise);

#endif
