/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/export/openmetrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"

static const struct {
	const char *name, *suffix;
} types[] = {
	[OPENMETRICS_COUNTER] = {"counter", "_total"},
	[OPENMETRICS_GAUGE] = {"gauge", ""},
};

/* The text has to be UTF-8, and what others wrote need not be: it is made printable, which leaves
 * no line's end. Then a backslash and a quote have one in front. */
static void put_escaped(FILE *out, const char *text)
{
	const size_t size = strlen(text);

	for (size_t at = 0; at < size;) {
		const struct printable_piece piece = printable_piece(text + at, size - at);

		for (size_t i = 0; i < piece.size; i++) {
			if (piece.shown[i] == '\\' || piece.shown[i] == '"')
				fputc('\\', out);
			fputc(piece.shown[i], out);
		}
		at += piece.taken;
	}
}

void openmetrics_family(FILE *out, const struct openmetrics_family *family)
{
	fprintf(out, "# TYPE %s %s\n", family->name, types[family->type].name);
	if (family->unit)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
	fprintf(out, "# HELP %s ", family->name);
	put_escaped(out, family->help);
	fputc('\n', out);
}

static void put_name(FILE *out, const struct openmetrics_family *family,
		     const struct openmetrics_label *labels, size_t count)
{
	const char *between = "{";

	fprintf(out, "%s%s", family->name, types[family->type].suffix);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value[0])
			continue;
		fprintf(out, "%s%s=\"", between, labels[i].name);
		put_escaped(out, labels[i].value);
		fputc('"', out);
		between = ",";
	}
	fputs(*between == ',' ? "} " : " ", out);
}

void openmetrics_uint(FILE *out, const struct openmetrics_family *family,
		      const struct openmetrics_label *labels, size_t count, uint64_t value)
{
	put_name(out, family, labels, count);
	fprintf(out, "%" PRIu64 "\n", value);
}

void openmetrics_ns(FILE *out, const struct openmetrics_family *family,
		    const struct openmetrics_label *labels, size_t count, uint64_t ns)
{
	put_name(out, family, labels, count);
	fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / NS_PER_S, ns % NS_PER_S);
}

void openmetrics_end(FILE *out)
{
	fputs("# EOF\n", out);
}
