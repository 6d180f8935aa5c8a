/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/recording_packed.h"

#include <stdlib.h>
#include <string.h>

#include "trace/export/intern.h"

/* Of what RECORDING_FRAMES_MAX frames take the most is the doubling of their table. */
#define PACKER_LIMIT (64u << 20)

/* What makes a frame: the same function called from elsewhere is another one. */
struct frame_key {
	uint64_t caller, address;
};

struct recording_packer {
	struct budget budget;
	struct intern frames, names, tasks;
	uint64_t time, pcs[2], address; /* what came last */
};

struct bytes {
	uint8_t *at;
};

static void put(struct bytes *bytes, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*bytes->at++ = (uint8_t)(number | 0x80);
	*bytes->at++ = (uint8_t)number;
}

static void put_difference(struct bytes *bytes, uint64_t number, uint64_t *last)
{
	uint64_t difference = number - *last;

	put(bytes, difference << 1 ^ (0 - (difference >> 63)));
	*last = number;
}

static void put_record(struct bytes *to, enum recording_tag tag, const uint8_t *payload, size_t len)
{
	*to->at++ = (uint8_t)tag;
	put(to, len);
	if (len)
		memcpy(to->at, payload, len);
	to->at += len;
}

static void forget(struct recording_packer *packer, struct bytes *to)
{
	intern_free(&packer->frames);
	intern_free(&packer->names);
	intern_free(&packer->tasks);
	packer->budget.left = PACKER_LIMIT;
	put_record(to, RECORDING_TAG_FORGET, NULL, 0);
}

/* The number of the frame ADDRESS below CALLER, in *NUMBER. False: no memory. */
static bool find_frame(struct recording_packer *packer, uint64_t caller, uint64_t address,
		       uint64_t *number, struct bytes *to)
{
	const struct frame_key key = {caller, address};
	uint32_t count = packer->frames.count, found;
	uint8_t payload[24];
	struct bytes bytes = {payload};

	if (intern_add(&packer->frames, &key, sizeof(key), &found) != 0)
		return false;
	*number = found + 1ull;
	if (found < count)
		return true;
	put(&bytes, caller);
	put_difference(&bytes, address, &packer->address);
	put_record(to, RECORDING_TAG_FRAME, payload, (size_t)(bytes.at - payload));
	return true;
}

static bool find_name(struct recording_packer *packer, const char *name, uint32_t *number,
		      struct bytes *to)
{
	uint32_t count = packer->names.count;
	size_t len = strlen(name);

	/* With its end: then none is empty. */
	if (intern_add(&packer->names, name, len + 1, number) != 0)
		return false;
	if (*number == count)
		put_record(to, RECORDING_TAG_NAME, (const uint8_t *)name, len);
	return true;
}

static void put_text(struct bytes *bytes, const char *text, size_t len)
{
	memcpy(bytes->at, text, len);
	bytes->at += len;
}

/* TASK is one of the guest's, and known. */
static bool find_task(struct recording_packer *packer, const struct recording_task *task,
		      uint64_t *number, struct bytes *to)
{
	uint32_t count = packer->tasks.count, found;
	size_t comm = strnlen(task->comm, sizeof(task->comm) - 1);
	uint8_t payload[64];
	struct bytes bytes = {payload};

	if (intern_add(&packer->tasks, task, sizeof(*task), &found) != 0)
		return false;
	*number = found + 1ull;
	if (found < count)
		return true;
	put(&bytes, task->process);
	put(&bytes, task->thread);
	put(&bytes, task->space);
	put(&bytes, comm);
	put_text(&bytes, task->comm, comm);
	put_text(&bytes, task->name, strnlen(task->name, sizeof(task->name) - 1));
	put_record(to, RECORDING_TAG_TASK, payload, (size_t)(bytes.at - payload));
	return true;
}

size_t recording_pack(struct recording_packer *packer, const struct recording_sample *sample,
		      uint8_t out[RECORDING_LINE])
{
	uint8_t payload[96];
	struct bytes to = {out}, bytes = {payload};
	uint64_t frame = 0, task = 0;
	uint32_t name;

	if (packer->frames.count + sample->depth > RECORDING_FRAMES_MAX ||
	    packer->names.count == RECORDING_NAMES_MAX ||
	    packer->tasks.count == RECORDING_TASKS_MAX)
		forget(packer, &to);
	/* From the outside in: what two samples have in common is written once. */
	for (uint64_t i = sample->depth; i > 0; i--)
		if (!find_frame(packer, frame, sample->callers[i - 1], &frame, &to))
			return 0;
	if (!find_name(packer, sample->exit, &name, &to) ||
	    (sample->task.known && !find_task(packer, &sample->task, &task, &to)))
		return 0;
	put_difference(&bytes, sample->time, &packer->time);
	put(&bytes, sample->vcpu << 1 | sample->user);
	put_difference(&bytes, sample->pc, &packer->pcs[sample->user]);
	put(&bytes, sample->count);
	put(&bytes, sample->ns);
	put(&bytes, sample->vmm_ns);
	put(&bytes, name);
	put(&bytes, frame);
	if (task || sample->vm)
		put(&bytes, task);
	if (sample->vm)
		put(&bytes, sample->vm);
	put_record(&to, RECORDING_TAG_SAMPLE, payload, (size_t)(bytes.at - payload));
	return (size_t)(to.at - out);
}

struct recording_packer *recording_packer_new(void)
{
	struct recording_packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return NULL;
	packer->budget.left = PACKER_LIMIT;
	packer->frames.budget = &packer->budget;
	packer->names.budget = &packer->budget;
	packer->tasks.budget = &packer->budget;
	return packer;
}

void recording_packer_free(struct recording_packer *packer)
{
	if (!packer)
		return;
	intern_free(&packer->frames);
	intern_free(&packer->names);
	intern_free(&packer->tasks);
	free(packer);
}
