/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, names and percentiles of whatever kvm_exit and a guest's registers say. */
#include <stdlib.h>
#include <string.h>

#include "base/riscv.h"
#include "trace/names/exit_names.h"
#include "trace/stat/stat_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_row(const uint64_t words[5])
{
	uint32_t row = exit_row(words[0], words[1], words[2], words[3], words[4]);
	char text[96];

	must(row < EXIT_ROWS && exit_mmio_row(row) < EXIT_ROWS);
	must(exit_class(row) && !(exit_class(row) & (exit_class(row) - 1)));
	must(!!(words[0] & CAUSE_INTERRUPT) <= (row < EXIT_IRQS || row == EXIT_OTHER));
	must(*exit_row_text(row, text, sizeof(text)) != '\0');
}

static void check_times(const uint8_t *data, size_t size)
{
	struct exit_times times = {0};
	uint64_t before = 0;

	for (; size >= sizeof(uint64_t); data += sizeof(uint64_t), size -= sizeof(uint64_t)) {
		uint64_t ns, bucket;

		memcpy(&ns, data, sizeof(ns));
		bucket = exit_bucket(ns);
		must(bucket < EXIT_BUCKETS && ns >= exit_bucket_start((uint32_t)bucket));
		times.min = !times.count || ns < times.min ? ns : times.min;
		times.max = ns > times.max ? ns : times.max;
		times.buckets[bucket]++;
		times.count++;
	}
	for (int percent = 0; percent <= 100; percent += 5) {
		uint64_t ns = stat_percentile(&times, percent / 100.0);

		must(ns >= before && ns >= times.min && ns <= times.max);
		before = ns;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t words[5];

	if (size < sizeof(words))
		return 0;
	memcpy(words, data, sizeof(words));
	check_row(words);
	check_times(data + sizeof(words), size - sizeof(words));
	return 0;
}
