/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/serial_options.h"

#include <string.h>

#include "base/memory_map.h"
#include "vmm/config.h"

_Static_assert(CONFIG_MAX_SERIALS == BOARD_SERIALS, "the board has them all");
_Static_assert(CONFIG_MAX_SERIALS == 3, "messages have the number");

/* FILE[,append]. False: not of this form. */
static bool take_file(char *text, const char **path, bool *append)
{
	*path = strsep(&text, ",");
	*append = text && !strcmp(text, "append");
	return **path && (!text || *append);
}

const char *serial_option_console_log(char *value, void *target)
{
	struct config *config = target;

	if (take_file(value, &config->console_log, &config->console_log_append))
		return NULL;
	return "expected FILE[,append]; a comma in a file's name is not supported";
}

static bool take_file_port(struct config_serial *serial, char *text)
{
	return take_file(text, &serial->path, &serial->append);
}

static bool take_socket(struct config_serial *serial, char *text)
{
	serial->path = text;
	return *text;
}

static bool take_nothing(struct config_serial *serial, char *text)
{
	(void)serial;
	return !*text;
}

static const struct {
	const char *begins;
	enum config_serial_kind kind;
	bool (*take)(struct config_serial *serial, char *text); /* what is behind */
} kinds[] = {
	{"file=", SERIAL_FILE, take_file_port}, {"pty", SERIAL_PTY, take_nothing},
	{"unix=", SERIAL_UNIX, take_socket},	{"null", SERIAL_NULL, take_nothing},
	{"stdio", SERIAL_STDIO, take_nothing},
};

const char *serial_option(char *value, void *target)
{
	static const char expected[] =
		"expected file=PATH[,append], pty, unix=PATH, null or stdio; a comma in a file's "
		"name is not supported";
	struct config *config = target;
	struct config_serial *serial = &config->serials[config->serial_count];

	if (config->serial_count == CONFIG_MAX_SERIALS)
		return "there are 3 serial ports beside the console already, and no more can be";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const size_t len = strlen(kinds[i].begins);

		if (strncmp(value, kinds[i].begins, len) != 0)
			continue;
		*serial = (struct config_serial){.kind = kinds[i].kind};
		if (!kinds[i].take(serial, value + len))
			return expected;
		config->serial_count++;
		return NULL;
	}
	return expected;
}

static unsigned int count_stdio(const struct config *config)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < config->serial_count; i++)
		count += config->serials[i].kind == SERIAL_STDIO;
	return count;
}

bool serial_options_have_stdio(const struct config *config)
{
	return count_stdio(config) > 0;
}

const char *serial_options_contradiction(const struct config *config)
{
	if (!serial_options_have_stdio(config))
		return NULL;
	if (count_stdio(config) > 1)
		return "--serial stdio is given twice: there is one standard input";
	if (config->command)
		return "--serial stdio: standard input and output are those of -- CMD: take "
		       "another, such as pty";
	if (config->console != CONSOLE_NONE)
		return "--serial stdio: standard input and output are the console's: add --console "
		       "none, or take another, such as pty";
	return NULL;
}
