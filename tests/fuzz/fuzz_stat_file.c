/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of `vhart stat --save`, whose texts and numbers are anybody's: refused in words, or
 * compared with itself, of which nothing is more or fewer, and shown in characters that print.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/diff/diff_table.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_shown(const char *text, size_t left)
{
	while (left > 0) {
		uint32_t character = 0;
		const size_t size = utf8_character(text, left, &character);

		require(size && (utf8_prints(character) || character == '\n'));
		text += size;
		left -= size;
	}
}

static void compare(const struct diff_run *before, const struct diff_run *after, int same)
{
	for (int way = 0; way < 8; way++) {
		const struct diff_rules rules = {
			.by = way & 1 ? DIFF_BY_VCPU : DIFF_BY_REASON,
			.per = way & 2 ? DIFF_PER_SECOND : DIFF_PER_RUN,
			.noise = way & 4 ? 0 : 3,
			.hold = DIFF_HOLD_COUNT | DIFF_HOLD_TIME,
		};
		const struct diff_side sides[2] = {{before, 1}, {after, 1}};
		struct diff diff, keys;
		char *shown = NULL;
		size_t size;
		FILE *out = open_memstream(&shown, &size);

		require(out && diff_compare(&diff, &rules, sides, DIFF_OF_ALL));
		require(diff_compare(&keys, &rules, sides, DIFF_OF_KEYS));
		require(!same || (!diff.regressed && !keys.regressed));
		require(!same || diff_has_keys(sides) == (before->counts.facts.keys[0] != 0));
		/* Also where they are not of the same kind. */
		require(diff_print(out, &diff, &keys, &rules, sides, way & 1));
		fclose(out);
		check_shown(shown, size);
		free(shown);
		diff_free(&diff);
		diff_free(&keys);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diff_run file = {.report = NULL}, none = {.report = NULL};
	char why[STAT_FILE_WHY] = "";
	FILE *in;

	if (!size)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	require(in != NULL);
	if (stat_file_read(in, &file.counts, why)) {
		require(diff_run_of_counts(&file) && diff_run_of_counts(&none));
		compare(&file, &file, 1);
		compare(&none, &file, 0);
		compare(&file, &none, 0);
	} else {
		require(why[0] && !strchr(why, '\n'));
	}
	check_shown(why, strlen(why));
	fclose(in);
	diff_run_free(&file);
	diff_run_free(&none);
	return 0;
}
