/* SPDX-License-Identifier: Apache-2.0 */
/* The time, in nanoseconds. Any thread. */
#ifndef VHART_CLOCK_H
#define VHART_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

/* What CLOCK says. */
uint64_t clock_ns(clockid_t clock);

/* CLOCK_MONOTONIC. */
uint64_t clock_now(void);

/* The same point in time, or the same length, as the system calls want it. */
struct timespec clock_timespec(uint64_t ns);

/* Timed waits on COND will be of CLOCK_MONOTONIC. */
void clock_cond_init(pthread_cond_t *cond);

#endif
