/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/page/page_series.h"

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
	};
	if (series->vcpus && series->reasons)
		return true;
	page_series_free(series);
	return false;
}

void page_series_free(struct page_series *series)
{
	free(series->vcpus);
	free(series->reasons);
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

void page_series_sample(struct page_series *series, uint64_t time, uint64_t vcpu,
			enum page_layer layer, uint64_t count)
{
	uint64_t *to;

	if (vcpu >= PAGE_VCPUS) {
		series->more_vcpus = sum(series->more_vcpus, count);
		return;
	}
	if (vcpu >= series->vcpus_count)
		series->vcpus_count = (uint32_t)vcpu + 1;
	to = &series->vcpus[vcpu].layers[column_of(series, time)][layer];
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
