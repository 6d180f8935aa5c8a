/* SPDX-License-Identifier: Apache-2.0 */
/* Who called, of a sample whose stack the collector kept. */
#ifndef VHART_RECORD_CALLERS_H
#define VHART_RECORD_CALLERS_H

#include "trace/record/record_vms.h"
#include "trace/record/recording.h"
#include "trace/sources/collector.h"

/* SAMPLE, of VM, has the callers from STACK, that of the record of vCPU INDEX that COLLECTOR gave
 * last. */
void record_callers_find(const struct collector *collector, uint32_t index,
			 const struct exit_stack *stack, const struct record_vm *vm,
			 struct recording_sample *sample);

#endif
