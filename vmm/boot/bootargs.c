/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/bootargs.h"

#include <stdio.h>
#include <string.h>

/* A parameter, as it stands in the text: its name, and whether a value follows. */
struct parameter {
	const char *name;
	size_t len;
	bool has_value;
};

/* The kernel's isspace(): its lib/ctype.c counts the no-break space of Latin-1, too. */
static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (unsigned char)c == 0xa0;
}

static const char *skip_spaces(const char *text)
{
	while (is_space(*text))
		text++;
	return text;
}

/*
 * Reads the parameter at TEXT, which is not a space; returns what follows it. A quote hides spaces
 * wherever it stands; one that is never closed hides them to the end. Only a quote around the whole
 * parameter is not part of its name.
 */
static const char *next_parameter(const char *text, struct parameter *parameter)
{
	const bool quoted = *text == '"';
	const char *at = text + quoted, *equals = NULL;
	bool in_quotes = quoted;

	parameter->name = at;
	for (; *at && (in_quotes || !is_space(*at)); at++) {
		if (*at == '=' && !equals && at > parameter->name)
			equals = at;
		if (*at == '"')
			in_quotes = !in_quotes;
	}
	const char *end = equals ? equals : at;
	if (quoted && !equals && end > parameter->name && end[-1] == '"')
		end--;
	parameter->len = (size_t)(end - parameter->name);
	parameter->has_value = equals != NULL;
	return skip_spaces(at);
}

static bool is_called(const struct parameter *parameter, const char *name)
{
	return parameter->len == strlen(name) && !memcmp(parameter->name, name, parameter->len);
}

bool bootargs_give(const char *text, const char *name)
{
	struct parameter parameter;

	for (text = skip_spaces(text); *text;) {
		text = next_parameter(text, &parameter);
		if (!parameter.has_value && is_called(&parameter, "--"))
			return false;
		if (parameter.has_value && is_called(&parameter, name))
			return true;
	}
	return false;
}

const char *bootargs_console(const char *text, enum config_console console)
{
	static const char *const parameters[] = {
		[CONSOLE_SERIAL] = "console=ttyS0",
		[CONSOLE_VIRTIO] = "console=hvc0",
		[CONSOLE_NONE] = "",
	};

	return bootargs_give(text, "console") ? "" : parameters[console];
}

char *bootargs_make(const char *append, enum config_console console, bool command)
{
	/* In front: behind the text it would be init's, or within a quote that is not closed. */
	const char *ours = bootargs_console(append, console);
	char *bootargs = NULL;

	const char *first = command ? BOOTARGS_COMMAND : "";
	if (asprintf(&bootargs, "%s%s%s%s%s", first, *first && (*ours || *append) ? " " : "", ours,
		     *ours && *append ? " " : "", append) < 0)
		return NULL;
	return bootargs;
}
