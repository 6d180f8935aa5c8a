/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/pmu_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "pmu/names.h"

static json_object *hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}

static void add_event(json_object *to, const struct pmu_event *event)
{
	const uint64_t event_idx = (uint64_t)event->type << 16 | event->code;
	char name[48];

	pmu_event_name(name, sizeof(name), event_idx, event->data);
	json_object_object_add(to, "event", hex(event_idx));
	json_object_object_add(to, "name", json_object_new_string(name));
	json_object_object_add(to, "data", hex(event->data));
}

static json_object *counter_json(unsigned int index, const struct pmu_shown *shown)
{
	json_object *counter = json_object_new_object();

	json_object_object_add(counter, "counter", json_object_new_uint64(index));
	add_event(counter, &shown->event);
	json_object_object_add(counter, "started", json_object_new_boolean(shown->started));
	json_object_object_add(counter, "overflown", json_object_new_boolean(shown->overflown));
	json_object_object_add(counter, "value", hex(shown->value));
	if (shown->left != PMU_NO_OVERFLOW)
		json_object_object_add(counter, "left", json_object_new_uint64(shown->left));
	return counter;
}

void pmu_json_add(json_object *result, const struct pmu_config *config,
		  const struct pmu_state *state)
{
	json_object *counters = json_object_new_array();

	json_object_object_add(result, "hardware", json_object_new_uint64(config->hw_counters));
	json_object_object_add(result, "firmware", json_object_new_uint64(PMU_FW_COUNTERS));
	json_object_object_add(result, "snapshot",
			       state->has_snapshot ? hex(state->snapshot_address) : NULL);
	for (unsigned int i = 0; i < PMU_MAX_COUNTERS; i++) {
		const struct pmu_shown shown = pmu_shown(config, state, i);

		if (shown.configured)
			json_object_array_add(counters, counter_json(i, &shown));
	}
	json_object_object_add(result, "counters", counters);
}
