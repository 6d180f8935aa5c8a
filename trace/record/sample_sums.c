/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/sample_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/export/intern.h"
#include "trace/names/exit_names.h"

struct sums {
	uint64_t time, count, ns, vmm_ns;
};

/* What makes two samples equal: these words, the task, and the callers, who say themselves how many
 * they are. */
#define TASK_WORDS (sizeof(struct recording_task) / sizeof(uint64_t))
enum { KEY_WHERE, KEY_AT, KEY_TASK, KEY_CALLERS = KEY_TASK + TASK_WORDS };
/* KEY_WHERE: of the vCPU's number, the VM's, the row and the mode. */
enum { WHERE_ROW = 1, WHERE_VM = 17, WHERE_VCPU = 33 };
_Static_assert(EXIT_ROWS < 1u << (WHERE_VM - WHERE_ROW), "each has its bits");
_Static_assert(RECORDING_VMS < 1u << (WHERE_VCPU - WHERE_VM), "each has its bits");

#define KEY_WORDS (KEY_CALLERS + RECORDING_CALLERS)

struct sample_sums {
	struct budget budget;
	struct intern keys;
	struct sums *sums; /* by a key's number */
	size_t room;
};

struct sample_sums *sample_sums_new(size_t limit)
{
	struct sample_sums *sums = calloc(1, sizeof(*sums));

	if (!sums)
		return NULL;
	sums->budget.left = limit;
	sums->keys.budget = &sums->budget;
	return sums;
}

void sample_sums_free(struct sample_sums *sums)
{
	if (!sums)
		return;
	intern_free(&sums->keys);
	free(sums->sums);
	free(sums);
}

/* How many bytes KEY has. */
static size_t make_key(const struct recording_sample *sample, uint32_t row, uint64_t key[KEY_WORDS])
{
	uint64_t *callers = key + KEY_CALLERS;

	key[KEY_WHERE] = sample->user | (uint64_t)row << WHERE_ROW | sample->vm << WHERE_VM |
			 sample->vcpu << WHERE_VCPU;
	key[KEY_AT] = sample->pc;
	memcpy(key + KEY_TASK, &sample->task, sizeof(sample->task));
	memcpy(callers, sample->callers, sample->depth * sizeof(*callers));
	return (size_t)(callers + sample->depth - key) * sizeof(*key);
}

/* One that is new needs room in both, or stays out of both. */
static int add_key(struct sample_sums *sums, const uint64_t *key, size_t size, uint32_t *number)
{
	void *memory = sums->sums;
	int error = budget_grow(&sums->budget, &memory, &sums->room, sums->keys.count + 1ul,
				sizeof(*sums->sums));

	sums->sums = memory;
	if (error)
		return error;
	error = intern_add(&sums->keys, key, size, number);
	if (!error)
		sums->sums[*number] = (struct sums){0};
	return error;
}

int sample_sums_add(struct sample_sums *sums, const struct recording_sample *sample, uint32_t row)
{
	uint64_t key[KEY_WORDS];
	const size_t size = make_key(sample, row, key);
	uint32_t number;
	struct sums *to;

	if (!intern_find(&sums->keys, key, size, &number)) {
		const int error = add_key(sums, key, size, &number);

		if (error)
			return error;
	}
	to = &sums->sums[number];
	to->time = sample->time;
	to->count += sample->count;
	to->ns += sample->ns;
	to->vmm_ns += sample->vmm_ns;
	return 0;
}

size_t sample_sums_count(const struct sample_sums *sums)
{
	return sums->keys.count;
}

void sample_sums_get(const struct sample_sums *sums, size_t number, struct recording_sample *sample)
{
	const struct sums *from = &sums->sums[number];
	size_t size;
	const uint64_t *key = intern_get(&sums->keys, (uint32_t)number, &size);

	*sample = (struct recording_sample){
		.time = from->time,
		.vm = (uint16_t)(key[KEY_WHERE] >> WHERE_VM),
		.vcpu = key[KEY_WHERE] >> WHERE_VCPU,
		.user = key[KEY_WHERE] & 1,
		.pc = key[KEY_AT],
		.count = from->count,
		.ns = from->ns,
		.vmm_ns = from->vmm_ns,
		.depth = size / sizeof(*key) - KEY_CALLERS,
	};
	exit_row_text((uint16_t)(key[KEY_WHERE] >> WHERE_ROW), sample->exit, sizeof(sample->exit));
	memcpy(&sample->task, key + KEY_TASK, sizeof(sample->task));
	memcpy(sample->callers, key + KEY_CALLERS, sample->depth * sizeof(*sample->callers));
}
