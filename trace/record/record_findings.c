/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "trace/findings/findings_print.h"
#include "trace/stat/stat_sample.h"

static const char *vm_name(void *opaque, uint32_t tgid)
{
	const struct record_findings *record = opaque;
	const struct record_vm *vm = record_vms_of_process(record->vms, tgid);

	return vm ? vm->is.name : "";
}

static void function_at(void *opaque, uint32_t tgid, uint64_t pc, char *out, size_t size)
{
	const struct record_findings *record = opaque;
	const struct record_vm *vm = record_vms_of_process(record->vms, tgid);
	struct symbol_place place;

	if (vm && symbols_lookup(&vm->symbols, pc, &place))
		snprintf(out, size, "%s+0x%" PRIx64, place.name, place.offset);
}

/* False: no memory. */
static bool take(struct record_findings *record)
{
	record->due = clock_now() + FINDINGS_INTERVAL;
	return stat_sample_take(&record->sample, record->collector, false);
}

bool record_findings_begin(struct record_findings *record)
{
	/* Nothing tells addresses apart here: which device is at one is not asked. */
	const struct findings_options options = {.device = NULL};

	record->findings = findings_new(&options);
	return record->findings && stat_sample_new(&record->sample) && take(record) &&
	       findings_look(record->findings, &record->sample);
}

void record_findings_free(struct record_findings *record)
{
	findings_free(record->findings);
	stat_sample_free(&record->sample);
	record->findings = NULL;
}

bool record_findings_look(struct record_findings *record)
{
	return clock_now() < record->due ||
	       (take(record) && findings_look(record->findings, &record->sample));
}

bool record_findings_end(struct record_findings *record)
{
	return take(record) && findings_look(record->findings, &record->sample) &&
	       findings_end(record->findings, &record->sample);
}

/* False: no memory. */
static bool put_words(struct record_findings *record, const struct finding *finding,
		      struct recording_finding *to)
{
	const struct findings_view view = {vm_name, function_at, record};
	FILE *out = fmemopen(to->headline, sizeof(to->headline), "w");

	if (!out)
		return false;
	findings_put_headline(out, &view, record->findings, finding);
	/* What is longer is cut. */
	fclose(out);
	to->headline[sizeof(to->headline) - 1] = '\0';
	out = fmemopen(to->seen, sizeof(to->seen), "w");
	if (!out)
		return false;
	findings_put_seen(out, finding);
	fclose(out);
	to->seen[sizeof(to->seen) - 1] = '\0';
	snprintf(to->why, sizeof(to->why), "%s", rules[finding->rule].means);
	snprintf(to->help, sizeof(to->help), "%s", rules[finding->rule].help);
	return true;
}

bool record_findings_tell(struct record_findings *record, uint64_t since, record_finding_told *told,
			  void *opaque)
{
	const size_t count = findings_count(record->findings);
	struct recording_finding words;

	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = findings_at(record->findings, i);

		if (finding->last <= since)
			continue;
		if (!put_words(record, finding, &words))
			return false;
		told(opaque, &words);
	}
	return true;
}
