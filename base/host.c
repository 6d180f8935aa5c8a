/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks read: small text files of /proc and /sys, and ISA strings. */

#include "base/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int host_read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	int result = 0;

	if (!file)
		return -errno;
	errno = 0;
	if (!fgets(line, (int)size, file))
		result = errno ? -errno : -ENODATA;
	else
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return result;
}

bool host_read_field(const char *path, const char *key, char *value, size_t size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0) {
		size_t len = strlen(key);
		char *text = line + len;

		if (strncmp(line, key, len) != 0)
			continue;
		text += strspn(text, " \t");
		found = *text++ == ':';
		if (!found)
			continue;
		text += strspn(text, " \t");
		text[strcspn(text, "\n")] = '\0';
		snprintf(value, size, "%s", text);
	}
	free(line);
	fclose(file);
	return found;
}

bool host_has_capability(unsigned int number)
{
	char effective[32];

	return host_read_field("/proc/self/status", "CapEff", effective, sizeof(effective)) &&
	       (strtoull(effective, NULL, 16) >> number & 1);
}

bool host_isa_has(const char *isa, const char *extension)
{
	size_t letters = strcspn(isa, "_"), len = strlen(extension);

	if (strncmp(isa, "rv64", 4) != 0)
		return false;
	if (len == 1)
		return memchr(isa + 4, extension[0], letters - 4) != NULL;
	for (const char *at = isa + letters; *at == '_';) {
		size_t this = strcspn(++at, "_");

		if (this == len && !strncmp(at, extension, len))
			return true;
		at += this;
	}
	return false;
}

uint64_t host_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}
