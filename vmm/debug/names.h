/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the functions and data of the guest that this machine boots: from its ELF file, or from
 * the Linux in its memory. To find them takes a while (it reads a whole kernel), so it is done when
 * somebody asks first, and kept until the machine's life ends.
 *
 * Threads: any; not under the machine's lock. Who asks while another finds them waits.
 */
#ifndef VHART_DEBUG_NAMES_H
#define VHART_DEBUG_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/config.h"
#include "vmm/machine/hart_state.h"

struct debug_names;

/* Of the guest that CONFIG boots; CONFIG outlives it. NULL: no memory. */
struct debug_names *debug_names_new(const struct config *config);
void debug_names_free(struct debug_names *names); /* NULL is fine */

/*
 * Finds them unless they are there. Where there are none (a firmware has not loaded its kernel yet)
 * the next call looks again. True: there are some.
 */
bool debug_names_find(struct debug_names *names);

/* These do not find any: without names they say so.
 *
 * Linux may be anywhere (KASLR): what STVEC of a hart says. Cheap where it is the last one's. */
void debug_names_move(struct debug_names *names, uint64_t stvec);
/* "cpu_idle+0x1c" of the code at ADDRESS, or "" where none is known. */
void debug_names_put(struct debug_names *names, uint64_t address, char out[HART_SYMBOL_MAX]);
/* The same of a call's return address: after a call that does not return, which the caller may end
 * with, that is already the next function's. */
void debug_names_put_return(struct debug_names *names, uint64_t address, char out[HART_SYMBOL_MAX]);
/* Whether code of a known function is at ADDRESS. */
bool debug_names_is_code(struct debug_names *names, uint64_t address);
/* Where NAME is, of code or data. */
bool debug_names_address(struct debug_names *names, const char *name, uint64_t *address);

/* All of them as an ELF file (symbol_file.h). False: there are none, or TO takes no more (errno).
 */
bool debug_names_write(struct debug_names *names, FILE *to);

/*
 * An address as a user writes it: "0x80200000", "4096", "symbol", "symbol+0x1c" or "symbol-8".
 * False: it is none, or no name of this guest; debug_names_suggest() helps then.
 */
bool debug_names_read(struct debug_names *names, const char *text, uint64_t *address);
/* A name that is nearly TEXT's, into OUT; "": there is none. */
void debug_names_suggest(struct debug_names *names, const char *text, char out[HART_SYMBOL_MAX]);

#endif
