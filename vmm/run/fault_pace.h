/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a guest may make KVM_RUN fail. Each failure is the guest's mistake (access_fault.h),
 * but KVM tells of it in the host's kernel log, in some 240 bytes at no bounded rate. So one waits
 * the longer before it goes on, the more there were, and after FAULT_PACE_MOST the machine ends.
 */
#ifndef VHART_FAULT_PACE_H
#define VHART_FAULT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_PACE_FREE 16u  /* as many as a probing driver or a test may want, at once */
#define FAULT_PACE_MOST 256u /* in all lives of a machine: some 60 KB of the host's log */

/* What the failure number COUNT (1 and up) costs: nanoseconds to wait. False: it is one too many.
 */
bool fault_pace(unsigned int count, uint64_t *wait_ns);

#endif
