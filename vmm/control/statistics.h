/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's exits, as JSON and as a table for people. Pure. */
#ifndef VHART_STATISTICS_H
#define VHART_STATISTICS_H

#include <json-c/json.h>

#include "vmm/kvm/kvm_stats.h"
#include "vmm/machine/exit_causes.h"

/* More harts than this have no columns in the table; their objects have all. */
#define STATISTICS_COLUMNS 8u

struct statistics_hart {
	struct exit_causes exits; /* to this process */
	struct kvm_stats kvm;	  /* what KVM counts itself */
};

/*
 * Into RESULT: lines, exits, guest-errors, kvm, and harts, an array with hart, exits and kvm of
 * each of the COUNT.
 */
void statistics_add(json_object *result, const struct statistics_hart *harts, unsigned int count,
		    uint64_t guest_errors);

#endif
