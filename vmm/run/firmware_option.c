/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/firmware_option.h"

#include <string.h>

#include "vmm/config.h"

const char *firmware_option(char *value, void *target)
{
	static const char vars[] = ",vars=";
	struct config *config = target;
	char *at = strstr(value, vars);

	if (at)
		*at = '\0';
	if (!*value || (at && !at[strlen(vars)]))
		return "expected FILE, or FILE,vars=FILE";
	config->firmware = value;
	config->firmware_vars = at ? at + strlen(vars) : NULL;
	return NULL;
}
