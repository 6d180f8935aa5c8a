/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a process that anybody started, and its /proc/PID/status. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/guest/command_line.h"
#include "trace/guest/foreign_file.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_name(const char *name, size_t room)
{
	size_t left = strnlen(name, room);

	require(left > 0 && left < room);
	while (left > 0) {
		uint32_t character = 0;
		size_t size = utf8_character(name, left, &character);

		require(size && utf8_prints(character));
		name += size;
		left -= size;
	}
}

static void check_line(const uint8_t *data, size_t size)
{
	static struct command_line line;
	const char *kernel;
	char name[48];

	memcpy(line.text, data, size < sizeof(line.text) ? size : sizeof(line.text));
	command_line_split(&line, size);
	for (char **word = line.words; *word; word++)
		require(*word >= line.text &&
			*word + strlen(*word) < line.text + sizeof(line.text));
	kernel = command_line_kernel(line.words);
	require(!kernel || (kernel >= line.text && kernel + strlen(kernel) < line.text + size));
	if (command_line_name(line.words, name, sizeof(name)))
		check_name(name, sizeof(name));
}

static void check_status(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct foreign_user user;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (foreign_user_read(text, &user))
		require(user.group_count <= FOREIGN_GROUPS);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_line(data, size);
	check_status(data, size);
	return 0;
}
