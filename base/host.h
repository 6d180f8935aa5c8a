/* SPDX-License-Identifier: Apache-2.0 */
/* What the host says of itself: small text files of /proc and /sys, and ISA strings. */
#ifndef VHART_HOST_H
#define VHART_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line of a file without its newline. 0 or -errno. */
int host_read_line(const char *path, char *line, size_t size);
/* The value behind "KEY...: " of a file like /proc/cpuinfo. False: no such line. */
bool host_read_field(const char *path, const char *key, char *value, size_t size);
/* How much memory it has, bytes; 0: it does not say. */
uint64_t host_memory(void);
/* Whether this process has capability NUMBER (CAP_*). */
bool host_has_capability(unsigned int number);
/*
 * Whether ISA, in the words of /proc/cpuinfo or of a devicetree ("rv64imafdch_zicsr_sstc"), has
 * EXTENSION: a letter or a name.
 */
bool host_isa_has(const char *isa, const char *extension);

#endif
