/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs for the SBI PMU that this process answers. A hart's belongs to its vCPU's thread, whose
 * perf events it counts by, so what is done to it is an errand of that thread.
 */
#include <stdlib.h>

#include "pmu/pmu.h"
#include "vmm/control/pmu_json.h"
#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

struct look {
	struct machine *machine;
	bool make; /* one that the hart has not called yet, too */
	bool found;
	struct pmu_config config;
	struct pmu_state state;
};

static struct pmu *pmu_of(struct vcpu *vcpu, const struct look *look)
{
	if (!look->machine->sbi.pmu || (!vcpu->pmu && !look->make))
		return NULL;
	return look->machine->sbi.pmu(look->machine, vcpu->id);
}

static void save(struct vcpu *vcpu, void *opaque)
{
	struct look *look = opaque;
	struct pmu *pmu = pmu_of(vcpu, look);

	look->found = pmu != NULL;
	if (!pmu)
		return;
	look->config = pmu->config;
	pmu_save(pmu, &look->state);
}

/* "exit": this process, but only where SBI_EID_PMU_EXIT is called. */
static const char *answerer(const struct machine *machine)
{
	switch (machine->pmu.answers) {
	case CONFIG_PMU_VMM: return machine->pmu.forward ? "vmm" : "exit";
	case CONFIG_PMU_KVM: return "kvm";
	default: return "off";
	}
}

static void add_text(struct verb_call *call, const char *name, const char *text)
{
	json_object_object_add(call->result, name, text ? json_object_new_string(text) : NULL);
}

bool verb_pmu(struct verb_call *call)
{
	struct machine *machine = call->machine;
	const unsigned int hart = (unsigned int)call->args[0].number;
	struct look look = {.machine = machine};

	pause_errand(machine, hart, save, &look);
	json_object_object_add(call->result, "hart", json_object_new_uint64(hart));
	add_text(call, "answered-by", answerer(machine));
	add_text(call, "profile", pmu_profile_name(machine->config->pmu_profile));
	json_object_object_add(call->result, "called", json_object_new_boolean(look.found));
	if (!look.found)
		return true;
	add_text(call, "interrupt", machine->lcofi ? machine->lcofi->name : NULL);
	pmu_json_add(call->result, &look.config, &look.state);
	return true;
}

static bool none(struct verb_call *call, const char *verb)
{
	if (call->machine->sbi.pmu)
		return verb_fail(call, verb, "no memory");
	return verb_fail(call, verb, "this process answers no SBI PMU of this VM (run --pmu vmm)");
}

bool verb_pmu_save(struct verb_call *call)
{
	struct look look = {.machine = call->machine, .make = true};
	uint8_t packed[PMU_PACKED_SIZE];

	pause_errand(call->machine, (unsigned int)call->args[0].number, save, &look);
	if (!look.found)
		return none(call, "pmu-save");
	pmu_pack(&look.config, &look.state, packed);
	return verb_add_bytes(call, packed, sizeof(packed)) ||
	       verb_fail(call, "pmu-save", "no memory");
}

/* ---- restore ---- */

struct restoring {
	struct look look;
	const uint8_t *packed;
	size_t size;
	const char *why; /* not; NULL: it was done */
};

/* Puts back what was there when it cannot be: its events were just counted. */
static const char *put(struct pmu *pmu, const struct pmu_state *wanted)
{
	struct pmu_state before;

	pmu_save(pmu, &before);
	if (pmu_restore(pmu, wanted))
		return NULL;
	return pmu_restore(pmu, &before)
		       ? "it is not possible, or the host cannot count its events now"
		       : "the host cannot count its events now, nor those of before: the PMU is "
			 "reset";
}

static void restore(struct vcpu *vcpu, void *opaque)
{
	struct restoring *restoring = opaque;
	struct look *look = &restoring->look;
	struct pmu *pmu = pmu_of(vcpu, look);

	look->found = pmu != NULL;
	if (!pmu)
		return;
	restoring->why = pmu_unpack(&pmu->config, restoring->packed, restoring->size, &look->state);
	if (!restoring->why)
		restoring->why = put(pmu, &look->state);
}

bool verb_pmu_restore(struct verb_call *call)
{
	uint8_t *packed = verb_bytes(&call->args[0]);
	struct restoring restoring = {
		.look = {.machine = call->machine, .make = true},
		.packed = packed,
		.size = call->args[0].len / 2,
	};

	if (!packed)
		return verb_fail(call, "pmu-restore", "no memory");
	pause_errand(call->machine, (unsigned int)call->args[1].number, restore, &restoring);
	free(packed);
	if (!restoring.look.found)
		return none(call, "pmu-restore");
	return !restoring.why || verb_fail(call, "pmu-restore", "the state: %s", restoring.why);
}
