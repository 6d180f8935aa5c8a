/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

bool page_series_begin(struct page_series *series, uint64_t from, uint64_t until)
{
	*series = (struct page_series){
		.from = from,
		.until = until,
		.vcpus = calloc(PAGE_VCPUS, sizeof(*series->vcpus)),
		.reasons = calloc(PAGE_REASONS, sizeof(*series->reasons)),
		.when = calloc(PAGE_REASONS, sizeof(*series->when)),
	};
	if (series->vcpus && series->reasons && series->when)
		return true;
	page_series_free(series);
	return false;
}

void page_series_free(struct page_series *series)
{
	free(series->vcpus);
	free(series->reasons);
	free(series->when);
	*series = (struct page_series){0};
}

static uint32_t column_of(const struct page_series *series, uint64_t time)
{
	uint64_t column;

	if (time <= series->from)
		return 0;
	column = (time - series->from) / ((series->until - series->from) / PAGE_COLUMNS + 1);
	return column < PAGE_COLUMNS ? (uint32_t)column : PAGE_COLUMNS - 1;
}

void page_series_name(struct page_series *series, uint64_t vcpu, const char *label)
{
	if (vcpu < PAGE_VCPUS)
		snprintf(series->vcpus[vcpu].label, sizeof(series->vcpus[vcpu].label), "%s", label);
}

void page_series_sample(struct page_series *series, uint64_t time, uint64_t vcpu,
			enum page_mode mode, uint64_t count)
{
	uint64_t *to;

	if (vcpu >= PAGE_VCPUS) {
		if (vcpu - PAGE_VCPUS >= series->more_vcpus)
			series->more_vcpus = vcpu - PAGE_VCPUS + 1;
		return;
	}
	if (vcpu >= series->vcpus_count)
		series->vcpus_count = (uint32_t)vcpu + 1;
	to = &series->vcpus[vcpu].layers[column_of(series, time)][mode];
	*to = sum(*to, count);
}

static struct page_reason *reason_of(struct page_series *series, const char *name)
{
	struct page_reason *reason;

	for (uint32_t i = 0; i < series->reasons_count; i++)
		if (!strncmp(series->reasons[i].name, name, PAGE_REASON_NAME - 1))
			return &series->reasons[i];
	if (series->reasons_count == PAGE_REASONS)
		return &series->reasons[PAGE_REASONS - 1];
	reason = &series->reasons[series->reasons_count++];
	snprintf(reason->name, sizeof(reason->name), "%s",
		 series->reasons_count == PAGE_REASONS ? "all others" : name);
	return reason;
}

void page_series_exit(struct page_series *series, const char *name, uint64_t count, uint64_t ns,
		      uint64_t vmm_ns)
{
	struct page_reason *reason = reason_of(series, name);

	reason->count = sum(reason->count, count);
	reason->ns = sum(reason->ns, ns);
	reason->vmm_ns = sum(reason->vmm_ns, vmm_ns);
}

void page_series_times(struct page_series *series, const struct page_times *times)
{
	struct page_reason *reason = reason_of(series, times->reason);
	const size_t number = (size_t)(reason - series->reasons);
	struct page_when *when = &series->when[number];

	if (!series->rate_step) {
		series->rate_from = times->from;
		series->rate_step = times->step;
		series->rate_columns = (uint32_t)times->columns_count;
	}
	if (number == PAGE_REASONS - 1 || series->rate_from != times->from ||
	    series->rate_step != times->step || series->rate_columns != times->columns_count)
		return;
	memcpy(when->columns, times->columns, times->columns_count * sizeof(when->columns[0]));
	memcpy(when->buckets, times->buckets, sizeof(when->buckets));
	reason->buckets = when->buckets;
	reason->p50 = times->p50;
	reason->p99 = times->p99;
	reason->max = times->max;
}

/* ---- lanes of exits ---- */

static void name_reason(const void *opaque, size_t reason, char *out, size_t size)
{
	const struct page_series *series = opaque;

	snprintf(out, size, "%s", series->reasons[reason].name);
}

static uint64_t exits_of(const void *opaque, size_t reason, size_t column)
{
	const struct page_series *series = opaque;

	return series->when[reason].columns[column];
}

bool page_series_rates(const struct page_series *series, struct page_series_rates *rates)
{
	const struct page_rates_source source = {
		.from = series->rate_from,
		.ends = rates->ends,
		.columns = series->rate_columns,
		.reasons = series->reasons_count,
		.name = name_reason,
		.exits = exits_of,
		.opaque = series,
	};

	for (uint32_t i = 0; i < series->rate_columns; i++) {
		const uint64_t begin = series->rate_from + i * series->rate_step;
		const uint64_t end = begin + series->rate_step;

		/* The last one is as long as there was something to be counted. */
		rates->ends[i] = series->until > begin && series->until < end ? series->until : end;
	}
	return page_rates_make(&rates->rates, &source);
}

/* ---- lanes of samples ---- */

static const struct page_layer layers[PAGE_MODES] = {
	[PAGE_KERNEL] = {"kernel", "the guest's kernel"},
	[PAGE_USER] = {"user", "its programs"},
};

static uint64_t busiest(const struct page_series *series)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < series->vcpus_count; i++)
		for (size_t column = 0; column < PAGE_COLUMNS; column++) {
			const uint64_t *of = series->vcpus[i].layers[column];
			const uint64_t both = sum(of[PAGE_KERNEL], of[PAGE_USER]);

			most = both > most ? both : most;
		}
	return most;
}

static double height(const void *opaque, size_t lane, size_t column, size_t layer)
{
	const struct page_series_lanes *lanes = opaque;
	const struct page_series *series = lanes->series;

	return (double)series->vcpus[lane].layers[column][layer] / lanes->vcpus[lane].most;
}

static void name_lane(const struct page_series *series, uint32_t vcpu, struct page_lane *lane)
{
	uint64_t sums[PAGE_MODES] = {0};

	for (size_t column = 0; column < PAGE_COLUMNS; column++)
		for (size_t layer = 0; layer < PAGE_MODES; layer++)
			sums[layer] = sum(sums[layer], series->vcpus[vcpu].layers[column][layer]);
	if (series->vcpus[vcpu].label[0])
		snprintf(lane->label, sizeof(lane->label), "%s", series->vcpus[vcpu].label);
	else
		snprintf(lane->label, sizeof(lane->label), "vcpu%" PRIu32, vcpu);
	snprintf(lane->note, sizeof(lane->note), "kernel %" PRIu64 ", user %" PRIu64,
		 sums[PAGE_KERNEL], sums[PAGE_USER]);
}

void page_series_lanes(const struct page_series *series, struct page_series_lanes *lanes)
{
	const uint64_t step = (series->until - series->from) / PAGE_COLUMNS + 1;
	const uint64_t most = busiest(series);

	for (size_t i = 0; i < PAGE_COLUMNS; i++)
		lanes->ends[i] = sum(series->from, (i + 1) * step);
	for (uint32_t i = 0; i < series->vcpus_count; i++) {
		name_lane(series, i, &lanes->vcpus[i]);
		lanes->vcpus[i].most = most ? (double)most : 1;
	}
	lanes->series = series;
	lanes->lanes = (struct page_lanes){
		.title = "Time line of the vCPUs",
		.words = "Samples of the guest, by when they were taken.",
		.unit = " samples",
		.none = "The recording has no samples.",
		.from = series->from,
		.ends = lanes->ends,
		.columns = PAGE_COLUMNS,
		.layers = layers,
		.layers_count = PAGE_MODES,
		.lanes = lanes->vcpus,
		.count = series->vcpus_count,
		.more = series->more_vcpus,
		.height = height,
		.opaque = lanes,
	};
}
