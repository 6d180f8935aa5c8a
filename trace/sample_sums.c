/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/sample_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/intern.h"

struct sums {
	uint64_t time, count, ns, vmm_ns;
};

/* What makes two samples equal: these words, the exit's name and the callers. */
enum { KEY_VCPU, KEY_USER, KEY_PC, KEY_DEPTH, KEY_NAME, KEY_CALLERS };

#define NAME_WORDS 12u
#define KEY_WORDS  (KEY_NAME + NAME_WORDS + RECORDING_CALLERS)

_Static_assert(sizeof(((struct recording_sample *)0)->exit) == NAME_WORDS * sizeof(uint64_t),
	       "an exit's name fills its words");

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
static size_t make_key(const struct recording_sample *sample, uint64_t key[KEY_WORDS])
{
	uint64_t *callers = key + KEY_NAME + NAME_WORDS;

	memset(key, 0, (KEY_NAME + NAME_WORDS) * sizeof(*key));
	key[KEY_VCPU] = sample->vcpu;
	key[KEY_USER] = sample->user;
	key[KEY_PC] = sample->pc;
	key[KEY_DEPTH] = sample->depth;
	memcpy(key + KEY_NAME, sample->exit, strlen(sample->exit));
	memcpy(callers, sample->callers, sample->depth * sizeof(*callers));
	return (size_t)(callers + sample->depth - key) * sizeof(*key);
}

int sample_sums_add(struct sample_sums *sums, const struct recording_sample *sample)
{
	uint64_t key[KEY_WORDS];
	size_t size = make_key(sample, key);
	uint32_t count = sums->keys.count, number;
	void *memory = sums->sums;
	struct sums *to;
	int error = budget_grow(&sums->budget, &memory, &sums->room, (size_t)count + 1,
				sizeof(*sums->sums));

	sums->sums = memory;
	if (!error)
		error = intern_add(&sums->keys, key, size, &number);
	if (error)
		return error;
	to = &sums->sums[number];
	if (number == count)
		*to = (struct sums){0};
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
		.vcpu = key[KEY_VCPU],
		.user = key[KEY_USER] != 0,
		.pc = key[KEY_PC],
		.count = from->count,
		.ns = from->ns,
		.vmm_ns = from->vmm_ns,
		.depth = key[KEY_DEPTH],
	};
	memcpy(sample->exit, key + KEY_NAME, sizeof(sample->exit));
	memcpy(sample->callers, key + KEY_NAME + NAME_WORDS,
	       sample->depth * sizeof(*sample->callers));
}
