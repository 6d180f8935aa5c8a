/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/words.h"

#include <ctype.h>
#include <string.h>

/* One word from *FROM on, to TO; *FROM is behind it then. NULL: a quote does not end. */
static char *take_word(char **from, char *to)
{
	char quote = '\0', *at = *from;

	for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
		if (quote ? *at == quote : *at == '\'' || *at == '"')
			quote = quote ? '\0' : *at;
		else if (*at == '\\' && quote != '\'' && at[1])
			*to++ = *++at;
		else
			*to++ = *at;
	}
	if (quote)
		return NULL;
	*from = *at ? at + 1 : at;
	*to = '\0';
	return to;
}

int words_split(char *text, char *words[WORDS_MAX])
{
	unsigned int count = 0;

	for (;;) {
		text += strspn(text, " \t\n\r\v\f");
		if (!*text)
			return (int)count;
		if (count == WORDS_MAX)
			return -1;
		words[count++] = text;
		if (!take_word(&text, text))
			return -1;
	}
}
