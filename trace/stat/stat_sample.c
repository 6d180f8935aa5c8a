/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_sample.h"

#include <stdlib.h>
#include <string.h>

bool stat_sample_new(struct stat_sample *sample)
{
	*sample = (struct stat_sample){0};
	sample->vcpus = calloc(EXIT_VCPUS, sizeof(*sample->vcpus));
	sample->times = calloc((size_t)EXIT_VCPUS * EXIT_TIMES, sizeof(*sample->times));
	return sample->vcpus && sample->times;
}

void stat_sample_free(struct stat_sample *sample)
{
	free(sample->vcpus);
	free(sample->times);
	free(sample->keyed);
	*sample = (struct stat_sample){0};
}

static bool keyed_room(struct stat_sample *sample, size_t count)
{
	struct stat_keyed *more;

	if (count <= sample->keyed_room)
		return true;
	count = count * 2;
	more = realloc(sample->keyed, count * sizeof(*more));
	if (!more)
		return false;
	sample->keyed = more;
	sample->keyed_room = count;
	return true;
}

static bool add_key(void *opaque, const struct exit_key_name *name, const struct exit_times *times)
{
	struct stat_sample *sample = opaque;

	if (!keyed_room(sample, sample->keyed_count + 1))
		return false;
	sample->keyed[sample->keyed_count++] = (struct stat_keyed){*name, *times};
	return true;
}

bool stat_sample_take(struct stat_sample *sample, const struct collector *collector, bool keyed)
{
	uint32_t seen = collector_seen(collector);

	sample->vcpu_count = seen < EXIT_VCPUS ? seen : EXIT_VCPUS;
	/* The states first, and at once: reading the rows takes ms, and the states go on. */
	sample->when = collector_now(collector);
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		if (!collector_vcpu(collector, i, &sample->vcpus[i]))
			sample->vcpus[i] = (struct exit_vcpu){0};
	for (uint32_t i = 0; i < sample->vcpu_count; i++)
		for (uint32_t row = 0; row < EXIT_TIMES; row++)
			collector_times(collector, i, row,
					&sample->times[(size_t)i * EXIT_TIMES + row]);
	sample->keyed_count = 0;
	return !keyed || collector_keyed(collector, add_key, sample);
}

bool stat_sample_copy(struct stat_sample *to, const struct stat_sample *from)
{
	if (!keyed_room(to, from->keyed_count))
		return false;
	to->when = from->when;
	to->vcpu_count = from->vcpu_count;
	to->keyed_count = from->keyed_count;
	memcpy(to->vcpus, from->vcpus, from->vcpu_count * sizeof(*to->vcpus));
	memcpy(to->times, from->times, (size_t)from->vcpu_count * EXIT_TIMES * sizeof(*to->times));
	if (from->keyed_count)
		memcpy(to->keyed, from->keyed, from->keyed_count * sizeof(*to->keyed));
	return true;
}
