/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps breakpoints where they belong while the machine runs: a guest overwrites them where it
 * patches its own text (Linux does so at its start, for ftrace and alternatives), and some wait for
 * memory that is not mapped yet. A thread of its own looks every now and then (control_run.c does).
 */
#ifndef VHART_KEEPER_H
#define VHART_KEEPER_H

#include <pthread.h>
#include <stdbool.h>

struct keeper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started, ending;
	void (*look)(void *opaque);
	void *opaque;
};

void keeper_init(struct keeper *keeper);
/* From now on the thread calls LOOK every 10 ms; starts it unless it runs. */
void keeper_start(struct keeper *keeper, void (*look)(void *opaque), void *opaque);
/* Ends the thread, which is not in LOOK then. */
void keeper_free(struct keeper *keeper);

#endif
