/* SPDX-License-Identifier: Apache-2.0 */
/* Words that a shell gives for completion, with zeros between them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/complete.h"
#include "vmm/control/verbs.h"

enum { WORDS_MAX = 64 };

static const char *const colours[] = {"red", "green", NULL};

static const struct verb sample[] = {
	{.name = "paint",
	 .help = "paints",
	 .arguments = {{.name = "colour", .type = VERB_TEXT, .help = "which", .choices = colours},
		       {.name = "wet", .type = VERB_FLAG, .help = "whether", .optional = true},
		       {.name = "file", .type = VERB_FILE, .help = "where"}}},
	{.name = NULL},
};

static void each_vm(complete_vm_function *each, void *opaque)
{
	each(&(struct complete_vm){"web1", 14, true}, opaque);
	each(&(struct complete_vm){"$(reboot)", 15, true}, opaque);
}

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Each line is a word that begins as the one that is typed does, or asks for paths behind a
 * beginning of it. */
static void check_line(const char *line, size_t len, const char *typed)
{
	const size_t typed_len = strlen(typed);

	require(len > 0);
	if (len >= 7 && !memcmp(line, ":files ", 7))
		require(len - 7 <= typed_len && !memcmp(line + 7, typed, len - 7));
	else if (len >= 9 && !memcmp(line, ":folders ", 9))
		require(len - 9 <= typed_len && !memcmp(line + 9, typed, len - 9));
	else
		require(len >= typed_len && !memcmp(line, typed, typed_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct complete_sources sources = {.verbs = sample, .vms = each_vm};
	char *words[WORDS_MAX], *said = NULL, *text = malloc(size + 1);
	size_t count = 0, len = 0;
	FILE *out = open_memstream(&said, &len);

	require(text && out);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at <= size && count < WORDS_MAX; at += strlen(text + at) + 1)
		words[count++] = text + at;
	complete(words, count, &sources, out);
	fclose(out);
	for (size_t at = 0; at < len;) {
		const size_t line = strcspn(said + at, "\n");

		check_line(said + at, line, words[count - 1]);
		at += line + 1;
	}
	free(said);
	free(text);
	return 0;
}
