/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting while a VM is watched: for the next look, its end, or the user's Ctrl-C. */
#ifndef VHART_AWAIT_H
#define VHART_AWAIT_H

#include <stdint.h>

#include "trace/sources/collector.h"

enum wake { WAKE_TIME, WAKE_SIGNAL, WAKE_END, WAKE_KEY, WAKE_FAILED };

/*
 * From here on SIGINT, SIGTERM and SIGHUP only end the watching: the table is still to be printed.
 * (A VM that was started here gets Ctrl-C from the terminal as well.) A file descriptor for
 * await(), or -1.
 */
int await_signals(void);
/* One of those, which has come: its number. 0: reading fails. */
int await_taken(int signals);

/* DEADLINE, or when the collector is to be asked again. */
uint64_t await_soon(uint64_t deadline);

/* PIDFD is readable when the VM's process has ended, -1: it is not waited for. DEADLINE is of
 * CLOCK_MONOTONIC in ns; 0: there is none. What COLLECTOR sees meanwhile is counted. */
enum wake await(int signals, int pidfd, struct collector *collector, uint64_t deadline);
/* The same, and WAKE_KEY when FILE is readable. */
enum wake await_file(int signals, int pidfd, struct collector *collector, uint64_t deadline,
		     int file);
/* The same, and WAKE_KEY when there is something to read from standard input. */
enum wake await_key(int signals, int pidfd, struct collector *collector, uint64_t deadline);

#endif
