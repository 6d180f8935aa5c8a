/* SPDX-License-Identifier: Apache-2.0 */
/* A table of symbols as an ELF file that has nothing else, for debuggers. Pure. */
#ifndef VHART_SYMBOL_FILE_H
#define VHART_SYMBOL_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "trace/guest/symbols.h"

/* Every symbol of SYMBOLS, where it is now (slide included). False: TO takes no more (errno). */
bool symbol_file_write(FILE *to, const struct symbols *symbols);

#endif
