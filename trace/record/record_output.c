/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Where two recordings in one place would take each other's numbers, the second one fails. */
static FILE *open_new(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool is_regular(FILE *file)
{
	struct stat status;

	return fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode);
}

bool record_output_open(struct record_output *output)
{
	output->file = open_new(output->path);
	output->made = output->file != NULL;
	if (!output->file && errno == EEXIST) {
		const int fd = open(output->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		output->file = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!output->file)
		error("%s: %s", output->path, strerror(errno));
	else if (output->size && !is_regular(output->file))
		error("--size: %s is no file that has a size", output->path);
	else
		return true;
	return false;
}

/* A pipe has nothing to cut off. */
bool record_output_begin(struct record_output *output)
{
	if (output->begun)
		return true;
	output->begun = ftruncate(fileno(output->file), 0) == 0 || errno == EINVAL;
	return output->begun;
}

bool record_output_is_full(const struct record_output *output)
{
	return output->size && output->begun && ftello(output->file) >= (off_t)output->size;
}

/* The file before NUMBER others; false: the name is too long. */
static bool name_of(const struct record_output *output, uint64_t number, char name[PATH_MAX])
{
	const int length = number ? snprintf(name, PATH_MAX, "%s.%" PRIu64, output->path, number)
				  : snprintf(name, PATH_MAX, "%s", output->path);

	return length < PATH_MAX;
}

FILE *record_output_next(struct record_output *output)
{
	FILE *before = output->file, *next;
	char older[PATH_MAX], newer[PATH_MAX];

	for (uint64_t number = output->files - 1; number > 0; number--) {
		if (!name_of(output, number, older) || !name_of(output, number - 1, newer)) {
			errno = ENAMETOOLONG;
			return NULL;
		}
		/* There are not yet as many. */
		if (rename(newer, older) < 0 && errno != ENOENT)
			return NULL;
	}
	next = open_new(output->path);
	if (!next)
		return NULL;
	output->file = next;
	return before;
}

bool record_output_close(struct record_output *output)
{
	const bool unused = output->file && output->made && !output->begun;
	bool good = !output->file || fclose(output->file) == 0;

	output->file = NULL;
	if (unused)
		unlink(output->path);
	return good;
}
