/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pprof's profile.proto. Field numbers are those of google/pprof proto/profile.proto. A location is
 * a frame with its address, a function a name; each kind of frame is a mapping, so that pprof shows
 * where code runs and does not look for symbols that the names already are.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/export/export.h"
#include "trace/export/intern.h"
#include "trace/export/protobuf.h"

enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};

enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_STR = 2 };
enum { MAPPING_ID = 1, MAPPING_FILENAME = 5, MAPPING_HAS_FUNCTIONS = 7 };
enum { LOCATION_ID = 1, LOCATION_MAPPING_ID = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION_ID = 1 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3 };

/* The largest message: a sample's locations, and its few labels and values. */
#define MESSAGE (PROFILE_DEPTH * PROTOBUF_VARINT + 1024)

struct pprof_writer {
	FILE *to;
	struct budget budget;
	struct intern strings;
	struct intern functions; /* by the number of the name */
	uint32_t *locations;	 /* by the number of the frame; 0: none yet */
	uint32_t location_count;
	int error;
	uint8_t bytes[MESSAGE];
	struct protobuf message;
};

static uint64_t string(struct pprof_writer *writer, const char *text)
{
	uint32_t number = 0;
	int error = intern_add(&writer->strings, text, strlen(text) + 1, &number);

	if (error)
		writer->error = error;
	return number;
}

static struct protobuf *start(struct pprof_writer *writer)
{
	writer->message = (struct protobuf){.bytes = writer->bytes, .room = sizeof(writer->bytes)};
	return &writer->message;
}

static void flush(struct pprof_writer *writer)
{
	if (writer->message.overflow)
		writer->error = -EMSGSIZE;
	else
		fwrite(writer->bytes, 1, writer->message.used, writer->to);
}

static void write_value_type(struct pprof_writer *writer, uint32_t field, const char *type,
			     const char *unit)
{
	struct protobuf *message = start(writer);
	size_t begin = protobuf_begin(message, field);

	protobuf_uint(message, VALUE_TYPE_TYPE, string(writer, type));
	protobuf_uint(message, VALUE_TYPE_UNIT, string(writer, unit));
	protobuf_end(message, begin);
	flush(writer);
}

static void write_label(struct pprof_writer *writer, const char *key, const char *value)
{
	struct protobuf *message = &writer->message;
	size_t begin;

	if (!value)
		return;
	begin = protobuf_begin(message, SAMPLE_LABEL);
	protobuf_uint(message, LABEL_KEY, string(writer, key));
	protobuf_uint(message, LABEL_STR, string(writer, value));
	protobuf_end(message, begin);
}

/* int64 in the format. */
static uint64_t positive(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : value;
}

/*
 * Frames are numbered as they came, locations as the sorted stacks name them: the same samples give
 * the same bytes in whatever order they came.
 */
static uint32_t location(struct pprof_writer *writer, uint32_t frame)
{
	if (writer->locations[frame] == 0)
		writer->locations[frame] = ++writer->location_count;
	return writer->locations[frame];
}

static void write_sample(struct pprof_writer *writer, const struct profile_stack *stack)
{
	struct protobuf *message = start(writer);
	size_t sample = protobuf_begin(message, PROFILE_SAMPLE);
	size_t packed = protobuf_begin(message, SAMPLE_LOCATION_ID);
	char vcpu[32];

	/* Not a number: pprof loses a label that is 0, and takes a filter on digits for a range. */
	snprintf(vcpu, sizeof(vcpu), "vcpu%d", stack->labels.vcpu);
	for (size_t i = 0; i < stack->depth; i++)
		protobuf_varint(message, location(writer, stack->frames[i]));
	protobuf_end(message, packed);
	packed = protobuf_begin(message, SAMPLE_VALUE);
	protobuf_varint(message, positive(stack->values.count));
	protobuf_varint(message, positive(stack->values.host_ns));
	protobuf_end(message, packed);
	write_label(writer, "vm", stack->labels.vm);
	if (stack->labels.vcpu != PROFILE_NO_VCPU)
		write_label(writer, "vcpu", vcpu);
	write_label(writer, "mode", profile_kind_name(stack->labels.mode));
	write_label(writer, "reason", stack->labels.reason);
	write_label(writer, "comm", stack->labels.comm);
	write_label(writer, "process", stack->labels.process);
	protobuf_end(message, sample);
	flush(writer);
}

/* A mapping's id is its kind; frames of no kind have none. */
static void write_mapping(struct pprof_writer *writer, enum profile_kind kind)
{
	struct protobuf *message = start(writer);
	size_t begin = protobuf_begin(message, PROFILE_MAPPING);
	char name[32];

	snprintf(name, sizeof(name), "[%s]", profile_kind_name(kind));
	protobuf_uint(message, MAPPING_ID, kind);
	protobuf_uint(message, MAPPING_FILENAME, string(writer, name));
	protobuf_uint(message, MAPPING_HAS_FUNCTIONS, 1);
	protobuf_end(message, begin);
	flush(writer);
}

static void write_function(struct pprof_writer *writer, uint64_t id, uint64_t name)
{
	struct protobuf *message = start(writer);
	size_t begin = protobuf_begin(message, PROFILE_FUNCTION);

	protobuf_uint(message, FUNCTION_ID, id);
	protobuf_uint(message, FUNCTION_NAME, name);
	protobuf_uint(message, FUNCTION_SYSTEM_NAME, name);
	protobuf_end(message, begin);
	flush(writer);
}

static void write_location(struct pprof_writer *writer, uint32_t id,
			   const struct profile_frame *frame)
{
	uint64_t name = string(writer, frame->name);
	uint32_t function = 0, before = writer->functions.count;
	int error = intern_add(&writer->functions, &name, sizeof(name), &function);
	struct protobuf *message;
	size_t begin, line;

	if (error)
		writer->error = error;
	if (writer->functions.count > before)
		write_function(writer, function + 1ul, name);
	message = start(writer);
	begin = protobuf_begin(message, PROFILE_LOCATION);
	protobuf_uint(message, LOCATION_ID, id);
	if (frame->kind != PROFILE_NO_KIND)
		protobuf_uint(message, LOCATION_MAPPING_ID, frame->kind);
	if (frame->address)
		protobuf_uint(message, LOCATION_ADDRESS, frame->address);
	line = protobuf_begin(message, LOCATION_LINE);
	protobuf_uint(message, LINE_FUNCTION_ID, function + 1ul);
	protobuf_end(message, line);
	protobuf_end(message, begin);
	flush(writer);
}

static void write_number(struct pprof_writer *writer, uint32_t field, uint64_t value)
{
	if (value == 0)
		return;
	protobuf_uint(start(writer), field, positive(value));
	flush(writer);
}

/* Strings can be longer than the buffer for messages. */
static void write_strings(struct pprof_writer *writer)
{
	for (uint32_t i = 0; i < writer->strings.count; i++) {
		size_t size = 0;
		const char *text = intern_get(&writer->strings, i, &size);
		struct protobuf *head = start(writer);

		protobuf_varint(head, PROFILE_STRING_TABLE << 3 | 2);
		protobuf_varint(head, size - 1);
		flush(writer);
		fwrite(text, 1, size - 1, writer->to);
	}
}

/* In the order of their numbers: as write_sample() met them. */
static void write_locations(struct pprof_writer *writer, const struct profile *profile)
{
	uint32_t next = 1;

	for (size_t i = 0; i < profile_count(profile); i++) {
		struct profile_stack stack = profile_stack(profile, i);

		for (size_t j = 0; j < stack.depth && !writer->error; j++) {
			struct profile_frame frame = profile_frame(profile, stack.frames[j]);

			if (location(writer, stack.frames[j]) == next)
				write_location(writer, next++, &frame);
		}
	}
}

static void write_all(struct pprof_writer *writer, struct profile *profile,
		      const struct export_options *options)
{
	const char *counts = options->counts ? options->counts : "samples";

	string(writer, "");
	write_value_type(writer, PROFILE_SAMPLE_TYPE, counts, "count");
	write_value_type(writer, PROFILE_SAMPLE_TYPE, "host", "nanoseconds");
	for (size_t kind = PROFILE_NO_KIND + 1; kind < PROFILE_KINDS; kind++)
		write_mapping(writer, (enum profile_kind)kind);
	profile_sort(profile);
	for (size_t i = 0; i < profile_count(profile) && !writer->error; i++) {
		struct profile_stack stack = profile_stack(profile, i);

		write_sample(writer, &stack);
	}
	write_locations(writer, profile);
	write_number(writer, PROFILE_TIME_NANOS, options->time_ns);
	write_number(writer, PROFILE_DURATION_NANOS, options->duration_ns);
	if (options->period_ns) {
		write_value_type(writer, PROFILE_PERIOD_TYPE, "host", "nanoseconds");
		write_number(writer, PROFILE_PERIOD, options->period_ns);
	}
	write_number(writer, PROFILE_DEFAULT_SAMPLE_TYPE,
		     string(writer, options->weight == EXPORT_COUNT ? counts : "host"));
	write_strings(writer);
}

int export_pprof(struct profile *profile, const struct export_options *options, FILE *to)
{
	struct pprof_writer *writer = calloc(1, sizeof(*writer));
	size_t limit = profile_limit(profile);
	int error;

	if (!writer)
		return -ENOMEM;
	writer->to = to;
	writer->budget.left = (limit > SIZE_MAX / 4 ? SIZE_MAX / 4 : limit) * 4 + 65536;
	writer->strings.budget = &writer->budget;
	writer->functions.budget = &writer->budget;
	writer->locations = calloc(profile_frames(profile) + 1, sizeof(*writer->locations));
	errno = 0;
	if (writer->locations)
		write_all(writer, profile, options);
	error = writer->locations ? writer->error : -ENOMEM;
	free(writer->locations);
	intern_free(&writer->strings);
	intern_free(&writer->functions);
	free(writer);
	return error ? error : export_flush(to);
}
