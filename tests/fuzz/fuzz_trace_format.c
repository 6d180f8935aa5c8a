/* SPDX-License-Identifier: Apache-2.0 */
/* Records of exits as lines, as JSON and as a timeline: what is behind the records is any bytes. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "trace/lines/timeline.h"
#include "trace/lines/trace_format.h"

struct head {
	struct exit_record record;
	uint64_t clock[3], time_delta;
	uint8_t part, long_text, time, durations;
	uint32_t vcpu;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_lines(const char *text)
{
	size_t length = strlen(text);

	require(length && text[length - 1] == '\n');
	for (; *text; text++)
		require(*text == '\n' || (*text >= ' ' && *text <= '~'));
}

/* Each line is one object. */
static void check_json(char *text)
{
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		struct json_object *object = json_tokener_parse(line);

		require(json_object_is_type(object, json_type_object));
		require(!json_object_object_get_ex(object, "cut", NULL));
		json_object_put(object);
	}
}

static void print(const struct head *head, const struct trace_exit *exit, bool json)
{
	struct trace_view view = {
		.time = (enum trace_time)(head->time % (TIME_MONOTONIC + 1)),
		.durations = head->durations & 1,
		.names = head->durations & 2,
		.json = json,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	require(out != NULL);
	trace_print_lost(out, &view, &exit->who, exit->record->lost);
	trace_print(out, &view, exit, (enum trace_part)(head->part % 3));
	require(fclose(out) == 0);
	if (json)
		check_json(text);
	else
		check_lines(text);
	free(text);
}

static int write_nowhere(void *opaque, const void *bytes, size_t size)
{
	(void)opaque;
	(void)bytes;
	return size ? 0 : -EIO;
}

static void draw(const struct head *head, const struct trace_exit *exit)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));
	const struct perfetto_clocks clocks = {0};

	require(timeline != NULL);
	timeline->states = head->durations & 4;
	perfetto_open(&timeline->perfetto, write_nowhere, NULL, &clocks);
	timeline_add(timeline, head->vcpu, exit);
	timeline_add(timeline, head->vcpu + 1, exit);
	timeline_end(timeline, head->clock[0]);
	require(timeline_error(timeline) == 0);
	free(timeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t text[RECORD_LONG_TEXT] = {0};
	struct head head;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	size -= sizeof(head);
	memcpy(text, data + sizeof(head), size < sizeof(text) ? size : sizeof(text));
	const struct trace_exit exit = {
		.record = &head.record,
		.who = {"web1", 1, 2, head.vcpu, head.time_delta},
		.clock = {head.clock[0], head.clock[1], head.clock[2]},
		.text = head.long_text & 1 ? text : NULL,
		.unfinished = head.part % 3 == TRACE_BEGIN,
	};

	print(&head, &exit, false);
	print(&head, &exit, true);
	draw(&head, &exit);
	return 0;
}
