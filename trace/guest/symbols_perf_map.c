/* SPDX-License-Identifier: Apache-2.0 */
/* "ADDRESS SIZE NAME", a line each: tools/perf/Documentation/jit-interface.txt of Linux. */
#include <stdlib.h>
#include <string.h>

#include "base/hex_digit.h"
#include "base/image_formats.h"
#include "trace/guest/symbols.h"

/* A process that compiles for days may have some hundred thousand. */
#define LINES_MOST (1u << 20)

struct line {
	uint64_t start, end;
	const char *name;
	size_t name_len;
};

/* What was read, and while it is put together: */
struct perf_map {
	struct line *lines; /* by address */
	size_t count, room;
	size_t *open; /* of those that have begun, a heap with the newest on top */
	size_t open_count;
};

/* ---- lines ---- */

static bool take_hex(const char **at, const char *end, uint64_t *value)
{
	const char *start = *at;

	*value = 0;
	for (; *at < end && hex_digit(**at) >= 0; ++*at) {
		if (*value >> 60)
			return false;
		*value = *value << 4 | (uint64_t)hex_digit(**at);
	}
	return *at > start && *at < end && *(*at)++ == ' ';
}

/* False: it is none. */
static bool read_line(const char *at, const char *end, struct line *line)
{
	uint64_t size;

	if (end > at && end[-1] == '\r')
		end--;
	if (!take_hex(&at, end, &line->start) || !take_hex(&at, end, &size) || at == end || !size ||
	    line->start > UINT64_MAX - size || memchr(at, 0, (size_t)(end - at)))
		return false;
	line->end = line->start + size;
	line->name = at;
	line->name_len = (size_t)(end - at);
	return true;
}

/* False: no memory, or too many. */
static bool add_line(struct perf_map *map, const struct line *line)
{
	if (map->count == map->room) {
		size_t room = map->room ? 2 * map->room : 1024;
		struct line *lines =
			room <= LINES_MOST ? realloc(map->lines, room * sizeof(*lines)) : NULL;

		if (!lines)
			return false;
		map->lines = lines;
		map->room = room;
	}
	map->lines[map->count++] = *line;
	return true;
}

static bool read_lines(struct perf_map *map, const struct blob *text)
{
	const char *at = (const char *)text->bytes, *const end = at + text->len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct line line;

		/* What has no line feed is not all there yet. */
		if (!newline)
			break;
		if (read_line(at, newline, &line) && !add_line(map, &line))
			return false;
		at = newline + 1;
	}
	return true;
}

/* ---- which of them hold ---- */

static int compare(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

/* Names are in the text, in which what is newer is further down. */
static bool is_newer(const struct perf_map *map, size_t a, size_t b)
{
	return map->lines[a].name > map->lines[b].name;
}

static void push(struct perf_map *map, size_t number)
{
	size_t at = map->open_count++;

	for (; at && is_newer(map, number, map->open[(at - 1) / 2]); at = (at - 1) / 2)
		map->open[at] = map->open[(at - 1) / 2];
	map->open[at] = number;
}

static void pop(struct perf_map *map)
{
	size_t number = map->open[--map->open_count], at = 0, child;

	while ((child = 2 * at + 1) < map->open_count) {
		child += child + 1 < map->open_count &&
			 is_newer(map, map->open[child + 1], map->open[child]);
		if (!is_newer(map, map->open[child], number))
			break;
		map->open[at] = map->open[child];
		at = child;
	}
	map->open[at] = number;
}

static void add(struct symbols *symbols, const struct line *line, uint64_t start, uint64_t end)
{
	if (start < end)
		symbols_add(symbols, start, end - start, 't', line->name, line->name_len, "", 0);
}

/* Goes up through the addresses: at each the newest line that has begun and not ended holds. */
static void add_all(struct symbols *symbols, struct perf_map *map)
{
	const struct line *holds = NULL;
	uint64_t at = 0, since = 0;
	size_t next = 0;

	while (next < map->count || map->open_count) {
		const struct line *top;

		if (!map->open_count && at < map->lines[next].start)
			at = map->lines[next].start;
		while (next < map->count && map->lines[next].start <= at)
			push(map, next++);
		while (map->open_count && map->lines[map->open[0]].end <= at)
			pop(map);
		top = map->open_count ? &map->lines[map->open[0]] : NULL;
		if (top != holds) {
			if (holds)
				add(symbols, holds, since, at < holds->end ? at : holds->end);
			holds = top;
			since = at;
		}
		if (top)
			at = next < map->count && map->lines[next].start < top->end
				     ? map->lines[next].start
				     : top->end;
	}
}

bool symbols_read_perf_map(struct symbols *symbols, const struct blob *text,
			   char message[IMAGE_MESSAGE_MAX])
{
	struct perf_map map = {.lines = NULL};
	bool good = read_lines(&map, text);

	if (good && map.count) {
		qsort(map.lines, map.count, sizeof(*map.lines), compare);
		map.open = malloc(map.count * sizeof(*map.open));
		good = map.open != NULL;
	}
	if (good && map.count)
		add_all(symbols, &map);
	free(map.open);
	free(map.lines);
	if (!good)
		return image_refuse(message, "has more lines than can be kept in memory");
	if (!map.count)
		return image_refuse(message,
				    "has no line \"address size name\", as a /tmp/perf-PID.map");
	return symbols_finish(symbols, message);
}
