/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time that a machine's guest reads, and its timers, over a pause (pause.h). All harts are out
 * of KVM_RUN.
 */
#ifndef VHART_GUEST_TIME_H
#define VHART_GUEST_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct machine;

/* Into TIME, in ticks. False: KVM does not say. */
bool guest_time_get(const struct machine *machine, uint64_t *time);
/* It is TIME again, and what the harts' timers wait for is as far away as it was then. */
void guest_time_put_back(struct machine *machine, uint64_t time);

#endif
