/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording, whose texts are anybody's: the whole file into reports, which show nothing but
 * characters that print, in lines; and each of its lines and packed records written again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/export.h"
#include "trace/record/recording_packed.h"
#include "trace/record/report_page.h"
#include "trace/record/report_table.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Writes LINE and reads it back into itself: false if it is too long for that now. */
static int pass(struct recording_line *line, char text[RECORDING_LINE], size_t *size)
{
	static char copy[RECORDING_LINE];
	enum recording_type type = line->type;
	const char *why = NULL;

	*size = recording_write(line, text);
	require(*size && *size < RECORDING_LINE && text[*size - 1] == '\n');
	memcpy(copy, text, *size);
	if (!recording_read(copy, *size, line, &why))
		return 0;
	require(line->type == type);
	return 1;
}

/* What was read can be written and read; only bytes that are no text change, the first time. */
static void check_line(char *text, size_t len)
{
	static char first[RECORDING_LINE], second[RECORDING_LINE];
	static struct recording_line line;
	const char *why = NULL;
	size_t size, again;

	if (!recording_read(text, len, &line, &why)) {
		require(why && *why);
		return;
	}
	if (!pass(&line, first, &size) || !pass(&line, first, &size) ||
	    !pass(&line, second, &again))
		return;
	require(size == again && !memcmp(first, second, size));
}

static void check_shown(const char *text, size_t left)
{
	while (left > 0) {
		uint32_t character = 0;
		size_t size = utf8_character(text, left, &character);

		require(size && (utf8_prints(character) || character == '\n'));
		text += size;
		left -= size;
	}
}

static void print(FILE *out, const struct report *report)
{
	const struct export_options options = {.labels_as_roots = true, .title = report->header.vm};

	for (enum report_by by = REPORT_BY_SYMBOL; by <= REPORT_BY_PROCESS; by++)
		require(report_print(
			out, report,
			&(struct report_view){.by = by, .json = by == REPORT_BY_PC, .limit = by}));
	require(export_folded(report->profile, &options, out) == 0);
	require(export_flamegraph(report->profile, &options, out) == 0);
	require(report_page(report, true, out) == 0);
}

static void check_report(struct report *report)
{
	char *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&shown, &size);

	require(out != NULL);
	print(out, report);
	fclose(out);
	check_shown(shown, size);
	free(shown);
}

static void check_file(FILE *in)
{
	char message[REPORT_MESSAGE_MAX] = "";
	struct report report = {.in = in, .profile = profile_new(1 << 20)};
	struct page_series series = {0};

	require(report.profile != NULL);
	if (report_read_frame(&report, message) && report_page_begin(&report, &series) &&
	    report_read_samples(&report, message))
		check_report(&report);
	else
		require(message[0] && !strchr(message, '\n'));
	check_shown(message, strlen(message));
	page_series_free(&series);
	profile_free(report.profile);
	report_free(&report);
}

/* ---- packed ---- */

/* A short length: the report reads long ones. */
static size_t unpack(struct recording_unpacker *unpacker, const uint8_t *bytes, size_t left,
		     struct recording_line *line)
{
	const char *why = NULL;
	size_t len;

	line->type = RECORDING_OTHER;
	if (left < 2 || bytes[0] < RECORDING_TAGS || bytes[1] >= 0x80)
		return 1;
	len = bytes[1] < left - 2 ? bytes[1] : left - 2;
	if (!recording_unpack(unpacker, bytes[0], bytes + 2, len, line, &why)) {
		require(why && *why);
		line->type = RECORDING_OTHER;
	}
	return 2 + len;
}

/* What was read is the same when it was packed and read again. */
static void check_packed(const uint8_t *data, size_t size)
{
	static struct recording_line line, back;
	static uint8_t bytes[RECORDING_LINE];
	struct recording_unpacker *unpacker = recording_unpacker_new();
	struct recording_unpacker *again = recording_unpacker_new();
	struct recording_packer *packer = recording_packer_new();

	require(unpacker && again && packer);
	for (size_t at = 0; at < size;) {
		size_t packed;

		at += unpack(unpacker, data + at, size - at, &line);
		if (line.type != RECORDING_SAMPLE)
			continue;
		packed = recording_pack(packer, &line.sample, bytes);
		require(packed > 0 && packed < sizeof(bytes));
		for (size_t from = 0; from < packed;)
			from += unpack(again, bytes + from, packed - from, &back);
		require(back.type == RECORDING_SAMPLE);
		require(!memcmp(&back.sample, &line.sample, sizeof(line.sample)));
	}
	recording_packer_free(packer);
	recording_unpacker_free(unpacker);
	recording_unpacker_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	FILE *in;

	if (!text || !size) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	in = fmemopen(text, size, "r");
	require(in != NULL);
	check_file(in);
	fclose(in);
	check_packed(data, size);
	for (char *line = text, *end; line < text + size; line = end) {
		const char *feed = memchr(line, '\n', (size_t)(text + size - line));

		end = feed ? line + (feed - line) + 1 : text + size;
		check_line(line, (size_t)(end - line));
	}
	free(text);
	return 0;
}
