/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that a guest, another process or a file brought (names of functions, VMs and files, console
 * output), made fit to be shown: on a terminal a control character is an order to it, and in an
 * export malformed UTF-8 is no text. Everything that is shown to anybody goes through here, but
 * for the guest's own console. Pure; any thread.
 */
#ifndef VHART_PRINTABLE_H
#define VHART_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The size in bytes of the UTF-8 character at text, which has size bytes, and what it is; 0 where
 * the bytes are not well-formed (RFC 3629: no overlong form, no surrogate, nothing above 10ffff).
 */
size_t utf8_character(const char *text, size_t size, uint32_t *character);

/* No control character (C0, DEL, C1), line separator, noncharacter, nor one that changes the
 * direction of what stands beside it: all that print are also valid in XML 1.0. */
bool utf8_prints(uint32_t character);

/* What the character at TEXT (SIZE bytes, at least 1) is shown as: itself, or "\n", "\x1b" (a byte
 * that is no UTF-8 too), "\u009b", "\U0001fffe". */
#define PRINTABLE_PIECE 11u
struct printable_piece {
	size_t taken; /* bytes of TEXT, at least 1 */
	size_t size;  /* of SHOWN, which no zero ends; at most four times TAKEN */
	char shown[PRINTABLE_PIECE];
};
struct printable_piece printable_piece(const char *text, size_t size);

/* As much of FROM as fits into ROOM bytes (at least 1), shown as above and ended by a zero; no
 * character and no escape is cut. What was made so once stays as it is. Returns TO. */
char *printable(char *to, size_t room, const char *from);

/* fputs(), shown as above. */
void printable_put(FILE *to, const char *text);

#endif
