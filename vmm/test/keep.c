/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/keep.h"

#include <inttypes.h>
#include <string.h>

#include "base/printable.h"

#define LINE_SHOWN 400u /* where a hart is takes 330 */

void keep_add(struct keep *keep, const void *bytes, size_t len)
{
	const char *from = bytes;

	while (len > 0) {
		const size_t at = keep->total < KEEP_HEAD ? (size_t)keep->total
							  : (size_t)(keep->total % KEEP_TAIL);
		char *to = keep->total < KEEP_HEAD ? keep->head : keep->tail;
		size_t part = (keep->total < KEEP_HEAD ? KEEP_HEAD : KEEP_TAIL) - at;

		if (part > len)
			part = len;
		memcpy(to + at, from, part);
		keep->total += part;
		from += part;
		len -= part;
	}
}

/* The first byte behind the head that is still there. */
static uint64_t tail_start(const struct keep *keep)
{
	if (keep->total <= KEEP_HEAD)
		return keep->total;
	return keep->total - KEEP_HEAD <= KEEP_TAIL ? KEEP_HEAD : keep->total - KEEP_TAIL;
}

static char byte_at(const struct keep *keep, uint64_t at)
{
	return at < KEEP_HEAD ? keep->head[at] : keep->tail[at % KEEP_TAIL];
}

void keep_write(const struct keep *keep, FILE *to)
{
	const uint64_t start = tail_start(keep);

	fwrite(keep->head, 1, keep->total < KEEP_HEAD ? (size_t)keep->total : KEEP_HEAD, to);
	if (start > KEEP_HEAD)
		fprintf(to, "\n[vhart test: %" PRIu64 " bytes are left out]\n", start - KEEP_HEAD);
	for (uint64_t at = start; at < keep->total; at++)
		putc(byte_at(keep, at), to);
}

/* Where the last LINES lines begin; an end of line at the very end begins none. */
static uint64_t find_lines(const struct keep *keep, unsigned int lines)
{
	/* Without a hole. */
	const uint64_t low = tail_start(keep) > KEEP_HEAD ? tail_start(keep) : 0;
	uint64_t at = keep->total;

	while (at > low && (byte_at(keep, at - 1) == '\n' || byte_at(keep, at - 1) == '\r'))
		at--;
	while (at > low) {
		if (byte_at(keep, at - 1) == '\n' && --lines == 0)
			break;
		at--;
	}
	return at;
}

/* A line that is put together. */
struct line {
	char text[LINE_SHOWN + 1];
	size_t filled;
};

static void add_byte(struct line *line, char byte)
{
	if (line->filled == LINE_SHOWN)
		memmove(line->text, line->text + 1, --line->filled);
	line->text[line->filled++] = byte;
	line->text[line->filled] = '\0';
}

static void write_line(struct line *line, bool (*wanted)(const char *line), const char *prefix,
		       FILE *to)
{
	if (!wanted || wanted(line->text)) {
		fputs(prefix, to);
		printable_put(to, line->text);
		putc('\n', to);
	}
	*line = (struct line){.filled = 0};
}

void keep_write_last(const struct keep *keep, unsigned int lines, bool (*wanted)(const char *line),
		     const char *prefix, FILE *to)
{
	struct line line = {.filled = 0};

	for (uint64_t at = find_lines(keep, lines); at < keep->total; at++) {
		const char byte = byte_at(keep, at);

		if (byte == '\n')
			write_line(&line, wanted, prefix, to);
		else if (byte != '\r' && byte != '\0')
			add_byte(&line, byte);
	}
	if (line.filled > 0)
		write_line(&line, wanted, prefix, to);
}
