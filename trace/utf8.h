/* SPDX-License-Identifier: Apache-2.0 */
/* Names from outside (guest symbols, device names, files) made fit for every export: well-formed
 * UTF-8 that prints. */
#ifndef VHART_UTF8_H
#define VHART_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The size in bytes of the UTF-8 character at text, which has size bytes, and what it is; 0 where
 * the bytes are not well-formed (RFC 3629: no overlong form, no surrogate, nothing above 10ffff).
 */
size_t utf8_character(const char *text, size_t size, uint32_t *character);

/* No control character, line separator or noncharacter: all of these are also valid in XML 1.0. */
bool utf8_prints(uint32_t character);

/* Copies what fits of from, always ended by a zero; what is malformed or does not print becomes
 * '?'. */
size_t utf8_clean(char *to, size_t room, const char *from);

#endif
