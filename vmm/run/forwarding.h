/* SPDX-License-Identifier: Apache-2.0 */
/* The forward in a machine: the calls that KVM keeps to itself, and that are to come here all the
 * same. */
#ifndef VHART_FORWARDING_H
#define VHART_FORWARDING_H

#include <stdbool.h>

#include "vmm/forward/forward.h"

struct machine;

struct forward_rules forwarding_rules(struct machine *machine);
/* Opens machine->forward. Any thread. False: see REFUSAL, and the guest is without. */
bool forwarding_open(struct machine *machine, const struct forward_rules *rules,
		     struct forward_refusal *refusal);
void forwarding_watch(struct machine *machine); /* sees to it that the user hears of its end */
void forwarding_check(struct machine *machine);

#endif
