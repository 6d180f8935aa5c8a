/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_table.h"

#include <stdlib.h>

#include "trace/stat/stat_lines.h"

static bool print_lines(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
			uint64_t wall)
{
	struct stat_lines lines = {0};
	bool good = stat_lines_collect(&lines, view, sample);

	if (good) {
		switch (view->format) {
		case STAT_TEXT: stat_print_text(out, view, sample, wall, &lines); break;
		case STAT_JSON: stat_print_json(out, view, sample, wall, &lines); break;
		case STAT_CSV: stat_print_csv(out, view, sample, &lines); break;
		}
	}
	free(lines.lines);
	return good;
}

/* In one piece: warnings of the VM's may come to the same terminal. */
bool stat_print(FILE *out, const struct stat_view *view, const struct stat_sample *sample,
		uint64_t wall)
{
	char *text = NULL;
	size_t size = 0;
	FILE *whole = open_memstream(&text, &size);
	bool good = whole && print_lines(whole, view, sample, wall);

	if (whole && fclose(whole) != 0)
		good = false;
	if (good)
		good = fwrite(text, 1, size, out) == size && fflush(out) == 0;
	free(text);
	return good;
}
