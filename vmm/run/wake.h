/* SPDX-License-Identifier: Apache-2.0 */
/* When a hart that suspended the system (SBI 3.0, chapter 13) is to wake: pure. */
#ifndef VHART_WAKE_H
#define VHART_WAKE_H

#include <stdbool.h>
#include <stdint.h>

/* No end of the wait is known by time. */
#define WAKE_NEVER UINT64_MAX

/* What the hart had when it suspended, and the time of its guest now. */
struct wake_state {
	uint64_t sie, sip;	/* CSRs; sip without what the fields below have */
	bool external;		/* an external interrupt is pending and enabled at its controller */
	uint64_t time, compare; /* ticks of the guest's time CSR; compare: of its timer */
	uint64_t frequency;	/* ticks a second; 0: the timer is not known */
};

/*
 * Whether an interrupt is pending that the hart has enabled in sie: as for WFI, sstatus does not
 * matter. Else WAIT_NS is the time until its timer is due, or WAKE_NEVER.
 */
bool wake_due(const struct wake_state *state, uint64_t *wait_ns);

#endif
