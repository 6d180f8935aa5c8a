/* SPDX-License-Identifier: Apache-2.0 */
/* A log of exits of a hostile VMM, looked at twice, and what stat makes of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/exits/exit_copy.h"
#include "trace/sources/exit_log_counts.h"
#include "trace/stat/stat_table.h"

#define VCPUS 2u

static struct {
	struct exit_log_head head;
	struct exit_counts counts[VCPUS];
} memory;
static struct exit_vcpu vcpus[2][VCPUS];
static struct exit_times times[2][VCPUS * EXIT_TIMES];

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The log's head, its vCPUs and a few of their rows are what the input says: those are what has a
 * meaning. */
static size_t fill(void *to, size_t size, const uint8_t *data, size_t left)
{
	size_t part = size < left ? size : left;

	memcpy(to, data, part);
	return part;
}

static void fill_memory(const uint8_t *data, size_t size)
{
	size_t used = fill(&memory.head, 3 * sizeof(uint64_t), data, size);

	for (uint32_t i = 0; i < VCPUS; i++) {
		used += fill(&memory.counts[i].vcpu, sizeof(struct exit_vcpu), data + used,
			     size - used);
		while (used < size && size - used > sizeof(struct exit_times) * (VCPUS - 1 - i)) {
			uint32_t row = data[used++] % EXIT_ROWS;

			used += fill(&memory.counts[i].times[row], sizeof(struct exit_times),
				     data + used, size - used);
		}
	}
}

static uint32_t look(struct exit_vcpu *vcpu, struct exit_times *time)
{
	uint32_t count = exit_log_counts_vcpus(&memory.head, VCPUS), patience = 16;

	require(count <= VCPUS);
	for (uint32_t i = 0; i < count; i++) {
		const struct exit_counts *from = &memory.counts[i];

		exit_copy(&from->vcpu, &vcpu[i], &from->vcpu, sizeof(*vcpu), &patience);
		exit_log_counts_trust(&vcpu[i], 42, i);
		for (uint32_t row = 0; row < EXIT_TIMES; row++)
			exit_copy(&from->vcpu, &time[i * EXIT_TIMES + row], &from->times[row],
				  sizeof(*time), &patience);
	}
	return count;
}

static const char *vm_name(void *opaque, uint32_t tgid)
{
	(void)opaque;
	require(tgid == 42);
	return "vm";
}

#define VIEWS 6u

/* In COUNT views from number FIRST on: tables are what takes the time here. */
static void print(const struct stat_sample *sample, unsigned int first, unsigned int count)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	require(out != NULL);
	for (unsigned int i = first; i < first + count; i++) {
		const struct stat_view view = {.format = (enum stat_format)(i % 3),
					       .by = i / 3 % 2 ? BY_VCPU : BY_REASON,
					       .order = (enum stat_order)(i % 5),
					       .way = "the VMM's log",
					       .vm_name = vm_name};

		require(stat_print(out, &view, sample, 1000000000));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stat_sample samples[2];

	memset(&memory, 0, sizeof(memory));
	memset(vcpus, 0, sizeof(vcpus));
	memset(times, 0, sizeof(times));
	memory.head.magic = EXIT_LOG_MAGIC;
	memory.head.vcpus = VCPUS;
	for (unsigned int i = 0; i < 2; i++) {
		fill_memory(data + (i ? size / 2 : 0), i ? size - size / 2 : size / 2);
		samples[i] = (struct stat_sample){.when = 1000000000ull * (i + 1),
						  .vcpu_count = look(vcpus[i], times[i]),
						  .vcpus = vcpus[i],
						  .times = times[i]};
		print(&samples[i], size ? data[0] + i : 0, 1);
	}
	stat_difference(&samples[1], &samples[0]);
	print(&samples[1], 0, VIEWS);
	return 0;
}
