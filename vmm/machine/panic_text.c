/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/machine/panic_text.h"

/* kernel/panic.c, vpanic(). Its first character stands nowhere else in it, so a mismatch can only
 * start a new match at the mismatching character itself. */
static const char message[] = "Kernel panic - not syncing";

void panic_text_look(struct panic_text *text, const void *bytes, size_t len)
{
	const char *at = bytes;

	for (size_t i = 0; i < len && !text->seen; i++) {
		if (at[i] == message[text->matched])
			text->matched++;
		else
			text->matched = at[i] == message[0];
		text->seen = text->matched == sizeof(message) - 1;
	}
}
