/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/kept_consoles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

#define NAME_SHOWN 100u

bool kept_consoles_open(struct kept_consoles *kept, const char *wanted)
{
	struct stat stat_of;

	*kept = (struct kept_consoles){.failed = false};
	if (!wanted)
		return true;
	if (mkdir(wanted, 0777) == 0 || (stat(wanted, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))) {
		if (snprintf(kept->folder, sizeof(kept->folder), "%s", wanted) <
		    (int)sizeof(kept->folder))
			return true;
		errno = ENAMETOOLONG;
	}
	error("--keep %s: %s", wanted, strerror(errno));
	return false;
}

static bool make_folder(struct kept_consoles *kept)
{
	const char *tmp = getenv("TMPDIR");

	if (*kept->folder)
		return true;
	snprintf(kept->folder, sizeof(kept->folder), "%s/vhart-test.XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (mkdtemp(kept->folder))
		return true;
	*kept->folder = '\0';
	return false;
}

static bool write_file(const char *path, const struct keep *keep)
{
	FILE *to = fopen(path, "we");

	if (!to)
		return false;
	keep_write(keep, to);
	const bool good = !ferror(to);
	return fclose(to) == 0 && good;
}

/* A test's name as one of a file: its last characters, without folders. */
static void file_name(const char *name, char shown[NAME_SHOWN + 1])
{
	const size_t len = strlen(name);

	snprintf(shown, NAME_SHOWN + 1, "%s", len > NAME_SHOWN ? name + len - NAME_SHOWN : name);
	for (char *at = shown; *at; at++)
		if (*at == '/' || (unsigned char)*at < ' ')
			*at = '_';
}

bool kept_consoles_write(struct kept_consoles *kept, size_t number, const struct test *test,
			 const struct child *child, char path[PATH_MAX])
{
	char name[NAME_SHOWN + 1], messages[PATH_MAX + 16];

	file_name(test->name, name);
	bool good = make_folder(kept) &&
		    snprintf(path, PATH_MAX, "%s/%03zu-%s.console", kept->folder, number, name) <
			    PATH_MAX &&
		    write_file(path, &child->said);
	if (good && child->told.total > 0) {
		snprintf(messages, sizeof(messages), "%.*s.messages",
			 (int)(strlen(path) - strlen(".console")), path);
		good = write_file(messages, &child->told);
	}
	if (!good && !kept->failed)
		warning("the consoles of failed tests cannot be kept in %s: %s",
			*kept->folder ? kept->folder : "a new folder in /tmp", strerror(errno));
	kept->failed = kept->failed || !good;
	return good;
}
