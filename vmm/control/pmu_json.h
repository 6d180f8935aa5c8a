/* SPDX-License-Identifier: Apache-2.0 */
/* A hart's PMU as JSON. Pure. */
#ifndef VHART_PMU_JSON_H
#define VHART_PMU_JSON_H

#include <json-c/json.h>

#include "pmu/pmu.h"

/* Into RESULT: what a PMU of CONFIG has in STATE, which pmu_save() gave. */
void pmu_json_add(json_object *result, const struct pmu_config *config,
		  const struct pmu_state *state);

#endif
