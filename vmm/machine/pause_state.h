/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine knows of its pause: for pause.c, which does it. */
#ifndef VHART_PAUSE_STATE_H
#define VHART_PAUSE_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct vcpu;

struct pause {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a hart came, or may go */
	unsigned int held;	/* harts that are there */
	unsigned int pins;	/* they stay there, even if the machine ends */
	bool all;		/* the machine is to be paused, not only single harts */
	bool still;		/* it is: devices and time stand */
	uint64_t time;		/* of the guest, while still */

	struct vcpu *errand_of; /* pause_errand(): whose thread is to do it; NULL: none is */
	void (*errand)(struct vcpu *vcpu, void *opaque);
	void *errand_opaque;
};

#endif
