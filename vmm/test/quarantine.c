/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/quarantine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"

static bool is_named(const struct test *test, const char *name)
{
	const char *slash = strrchr(test->name, '/');

	return !strcmp(test->name, name) || (slash && !strcmp(slash + 1, name));
}

/* False: no memory. */
static bool mark(struct suite *suite, const char *name, const char *reason, const char *path)
{
	bool found = false;

	for (size_t i = 0; i < suite->count; i++) {
		if (!is_named(&suite->tests[i], name))
			continue;
		found = true;
		free(suite->tests[i].quarantine);
		suite->tests[i].quarantine = strdup(reason);
		if (!suite->tests[i].quarantine)
			return false;
	}
	if (!found)
		warning("%s: there is no test '%s'", path, name);
	return true;
}

static int take_line(char *line, unsigned int number, const char *path, struct suite *suite)
{
	line[strcspn(line, "\r\n")] = '\0';
	char *name = line + strspn(line, " \t");
	if (!*name || *name == '#')
		return 0;
	char *reason = name + strcspn(name, " \t");
	if (*reason)
		*reason++ = '\0';
	reason += strspn(reason, " \t");
	if (!*reason) {
		error("%s: line %u: '%s' has no reason: expected NAME REASON", path, number, name);
		return STATUS_USAGE;
	}
	if (mark(suite, name, reason, path))
		return 0;
	error("no memory");
	return STATUS_NOT_RUN;
}

int quarantine_read(const char *path, struct suite *suite)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int status = 0;

	if (!file) {
		error("--quarantine %s: %s", path, strerror(errno));
		return STATUS_USAGE;
	}
	for (unsigned int number = 1; !status && getline(&line, &room, file) >= 0; number++)
		status = take_line(line, number, path, suite);
	if (!status && ferror(file)) {
		error("--quarantine %s: %s", path, strerror(errno));
		status = STATUS_USAGE;
	}
	free(line);
	fclose(file);
	return status;
}
