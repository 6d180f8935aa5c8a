/* SPDX-License-Identifier: Apache-2.0 */
/* The perf event whose overflows are samples, on the threads of a VM. */
#ifndef VHART_SAMPLING_H
#define VHART_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum sampling_event {
	SAMPLE_BEST,   /* nobody chose one yet: not for sampling_open() */
	SAMPLE_CYCLES, /* of the guest only: each overflow is an interrupt of Sscofpmf */
	SAMPLE_CLOCK,  /* time of the thread, host included: an hrtimer */
	SAMPLE_EXITS,  /* no event: each exit is one */
};

struct sampling_options {
	enum sampling_event event;
	uint64_t period;    /* cycles, or ns; 0: by frequency */
	uint64_t frequency; /* 1/s */
};

/* Whether this host can make samples of cycles. */
bool sampling_has_cycles(void);

/* More samples a second than this the kernel refuses to look for: it lowers it by itself, where
 * they take long. */
uint64_t sampling_highest_frequency(void);

#define SAMPLING_THREADS 1024u

struct sampling {
	int events[SAMPLING_THREADS];
	unsigned int count;
};

/*
 * On every thread of process PID, and those that they start, beside those that it is on already: it
 * begins as {0}. PROGRAM is called when it overflows. False after one error() line.
 */
bool sampling_open(struct sampling *sampling, const struct sampling_options *options, pid_t pid,
		   int program);
void sampling_close(struct sampling *sampling);

#endif
