/* SPDX-License-Identifier: Apache-2.0 */
/* "ADDRESS TYPE NAME[\t[MODULE]]", a line each: s_show() of kernel/kallsyms.c; System.map and nm.
 */
#include <string.h>

#include "base/hex_digit.h"
#include "base/image_formats.h"
#include "trace/guest/symbols.h"

struct cursor {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cursor *line)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
}

/* The next word of LINE; its length, 0 at the end. */
static size_t take_word(struct cursor *line, const char **word)
{
	skip_blanks(line);
	*word = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	return (size_t)(line->at - *word);
}

static bool read_hex(const char *word, size_t len, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < len; i++) {
		if (i == 16 || hex_digit(word[i]) < 0)
			return false;
		*value = *value << 4 | (uint64_t)hex_digit(word[i]);
	}
	return len > 0;
}

/* False when LINE is not of the form. */
static bool read_line(struct symbols *symbols, struct cursor line, bool *has_address)
{
	const char *word, *type, *name, *module;
	uint64_t address;

	if (memchr(line.at, 0, (size_t)(line.end - line.at)))
		return false;
	const size_t len = take_word(&line, &word);
	if (!read_hex(word, len, &address) || take_word(&line, &type) != 1)
		return false;
	size_t name_len = take_word(&line, &name), module_len = take_word(&line, &module);
	if (!name_len)
		return false;
	if (module_len) {
		if (module_len < 3 || module[0] != '[' || module[module_len - 1] != ']')
			return false;
		module++;
		module_len -= 2;
	}
	if (address) {
		*has_address = true;
		symbols_add(symbols, address, 0, *type, name, name_len, module, module_len);
	}
	return true;
}

bool symbols_read_kallsyms(struct symbols *symbols, const struct blob *text,
			   char message[IMAGE_MESSAGE_MAX])
{
	const char *at = (const char *)text->bytes, *const end = at + text->len;
	bool has_address = false;
	unsigned int number = 0;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = {at, newline ? newline : end};

		number++;
		at = newline ? newline + 1 : end;
		skip_blanks(&line);
		if (line.at < line.end && !read_line(symbols, line, &has_address))
			return image_refuse(message,
					    "line %u is not \"address type name [module]\", as in "
					    "/proc/kallsyms or System.map",
					    number);
	}
	if (number && !has_address)
		return image_refuse(message, "has addresses of zero only: they were hidden when it "
					     "was read (sysctl kernel.kptr_restrict=0, or root)");
	return symbols_finish(symbols, message);
}
