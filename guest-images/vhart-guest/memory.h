/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a freestanding compiler may call, and two to look at strings. */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);

#endif
