/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/recording_packed.h"

#include <stdlib.h>
#include <string.h>

#include "trace/export/intern.h"

/* Twice what the most frames, names and tasks are, as tables double. */
#define UNPACKER_LIMIT (24u << 20)

struct frame {
	uint64_t address;
	uint32_t caller; /* its number; always a smaller one than the frame's own */
	uint32_t depth;	 /* of the stack that it is the inmost frame of */
};

struct name {
	char text[sizeof(((struct recording_sample *)0)->exit)];
};

struct recording_unpacker {
	struct budget budget;
	struct frame *frames; /* that with number 1 comes first */
	struct name *names;
	struct recording_task *tasks; /* as frames */
	size_t frames_room, names_room, tasks_room;
	uint32_t frames_count, names_count, tasks_count;
	uint64_t time, pcs[2], address; /* what came last */
};

struct bytes {
	const uint8_t *at, *end;
	bool bad; /* there were fewer, or no number */
};

static uint64_t take(struct bytes *bytes)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; bytes->at < bytes->end; shift += 7) {
		uint64_t byte = *bytes->at++, bits = byte & 0x7f;

		if (shift > 63 || bits << shift >> shift != bits)
			break;
		number |= bits << shift;
		if (!(byte & 0x80))
			return number;
	}
	bytes->bad = true;
	return 0;
}

static uint64_t take_difference(struct bytes *bytes, uint64_t *last)
{
	uint64_t number = take(bytes);

	*last += number >> 1 ^ (0 - (number & 1));
	return *last;
}

static const char too_many[] = "has more callers, names or tasks than a recording can";

static const char *take_frame(struct recording_unpacker *unpacker, struct bytes *bytes)
{
	uint64_t caller = take(bytes), address = take_difference(bytes, &unpacker->address);
	void *memory = unpacker->frames;
	uint32_t depth = 1;
	int error;

	if (bytes->bad || caller > unpacker->frames_count)
		return "has a caller without its address or caller";
	if (caller)
		depth += unpacker->frames[caller - 1].depth;
	if (depth > RECORDING_CALLERS || unpacker->frames_count == RECORDING_FRAMES_MAX)
		return too_many;
	error = budget_grow(&unpacker->budget, &memory, &unpacker->frames_room,
			    unpacker->frames_count + 1ul, sizeof(*unpacker->frames));
	unpacker->frames = memory;
	if (error)
		return "does not fit into memory";
	unpacker->frames[unpacker->frames_count++] =
		(struct frame){.address = address, .caller = (uint32_t)caller, .depth = depth};
	return NULL;
}

static const char *take_name(struct recording_unpacker *unpacker, const uint8_t *bytes, size_t len)
{
	void *memory = unpacker->names;
	struct name *name;
	int error;

	if (len >= sizeof(name->text) || (len && memchr(bytes, 0, len)))
		return "has names that are too long";
	if (unpacker->names_count == RECORDING_NAMES_MAX)
		return too_many;
	error = budget_grow(&unpacker->budget, &memory, &unpacker->names_room,
			    unpacker->names_count + 1ul, sizeof(*unpacker->names));
	unpacker->names = memory;
	if (error)
		return "does not fit into memory";
	name = &unpacker->names[unpacker->names_count++];
	*name = (struct name){0};
	if (len)
		memcpy(name->text, bytes, len);
	return NULL;
}

static bool take_text(const uint8_t *from, size_t len, char to[RECORDING_COMM])
{
	if (len >= RECORDING_COMM || (len && memchr(from, 0, len)))
		return false;
	if (len)
		memcpy(to, from, len);
	return true;
}

static const char *take_task(struct recording_unpacker *unpacker, struct bytes *bytes)
{
	uint64_t process = take(bytes), thread = take(bytes), space = take(bytes);
	uint64_t comm = take(bytes);
	struct recording_task task = {.known = 1};
	void *memory = unpacker->tasks;
	size_t left = (size_t)(bytes->end - bytes->at);
	int error;

	if (bytes->bad || process > UINT32_MAX || thread > UINT32_MAX ||
	    space > RECORDING_SPACES_MAX || comm > left || !take_text(bytes->at, comm, task.comm) ||
	    !take_text(bytes->at + comm, left - comm, task.name))
		return "has a task without its numbers or names";
	if (unpacker->tasks_count == RECORDING_TASKS_MAX)
		return too_many;
	error = budget_grow(&unpacker->budget, &memory, &unpacker->tasks_room,
			    unpacker->tasks_count + 1ul, sizeof(*unpacker->tasks));
	unpacker->tasks = memory;
	if (error)
		return "does not fit into memory";
	task.process = (uint32_t)process;
	task.thread = (uint32_t)thread;
	task.space = (uint32_t)space;
	unpacker->tasks[unpacker->tasks_count++] = task;
	return NULL;
}

/* NUMBER is one of a frame, or 0. */
static void fill_callers(const struct recording_unpacker *unpacker, uint32_t number,
			 struct recording_sample *sample)
{
	while (number) {
		const struct frame *frame = &unpacker->frames[number - 1];

		sample->callers[sample->depth++] = frame->address;
		number = frame->caller;
	}
}

static const char *take_sample(struct recording_unpacker *unpacker, struct bytes *bytes,
			       struct recording_sample *sample)
{
	uint64_t where, name, frame, task;

	sample->time = take_difference(bytes, &unpacker->time);
	where = take(bytes);
	sample->user = where & 1;
	sample->vcpu = where >> 1;
	sample->pc = take_difference(bytes, &unpacker->pcs[sample->user]);
	sample->count = take(bytes);
	sample->ns = take(bytes);
	sample->vmm_ns = take(bytes);
	name = take(bytes);
	frame = take(bytes);
	task = bytes->at < bytes->end ? take(bytes) : 0;
	sample->vm = bytes->at < bytes->end ? take(bytes) : 0;
	if (bytes->bad)
		return "has a sample without its numbers";
	if (sample->vcpu > INT32_MAX)
		return "has a vCPU of impossible number";
	if (sample->vm > RECORDING_VMS)
		return "has a VM of impossible number";
	if (name >= unpacker->names_count || frame > unpacker->frames_count ||
	    task > unpacker->tasks_count)
		return "has a sample whose callers, exit or task are not in the recording";
	if (task)
		sample->task = unpacker->tasks[task - 1];
	memcpy(sample->exit, unpacker->names[name].text, sizeof(sample->exit));
	fill_callers(unpacker, (uint32_t)frame, sample);
	return NULL;
}

bool recording_unpack(struct recording_unpacker *unpacker, uint8_t tag, const uint8_t *bytes,
		      size_t len, struct recording_line *line, const char **why)
{
	struct bytes from = {.at = bytes, .end = bytes + len};

	memset(line, 0, sizeof(*line));
	*why = NULL;
	switch (tag) {
	case RECORDING_TAG_FRAME: *why = take_frame(unpacker, &from); break;
	case RECORDING_TAG_NAME: *why = take_name(unpacker, bytes, len); break;
	case RECORDING_TAG_TASK: *why = take_task(unpacker, &from); break;
	case RECORDING_TAG_FORGET:
		unpacker->frames_count = unpacker->names_count = unpacker->tasks_count = 0;
		break;
	case RECORDING_TAG_SAMPLE:
		line->type = RECORDING_SAMPLE;
		*why = take_sample(unpacker, &from, &line->sample);
		break;
	default: break;
	}
	return !*why;
}

struct recording_unpacker *recording_unpacker_new(void)
{
	struct recording_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (unpacker)
		unpacker->budget.left = UNPACKER_LIMIT;
	return unpacker;
}

void recording_unpacker_free(struct recording_unpacker *unpacker)
{
	if (!unpacker)
		return;
	free(unpacker->frames);
	free(unpacker->names);
	free(unpacker->tasks);
	free(unpacker);
}
