/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/serial_options.h"

#include <string.h>

#include "vmm/config.h"

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
