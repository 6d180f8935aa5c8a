/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of an exit says: pure. */
#ifndef VHART_EXIT_RECORD_H
#define VHART_EXIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"
#include "trace/names/sbi_format.h"

/* When the guest's time CSR is what, where that is known: TIMEBASE is else 0. */
struct trace_clock {
	uint64_t ns;	   /* CLOCK_MONOTONIC */
	uint64_t ticks;	   /* the host's time CSR at that moment */
	uint64_t timebase; /* ticks in a second */
};

/* Who made the exit. */
struct trace_who {
	const char *vm;
	uint32_t pid, tid, vcpu;
	uint64_t time_delta; /* the guest's time CSR is the host's and this */
};

/* An exit, and what is beside its record. */
struct trace_exit {
	const struct exit_record *record;
	struct trace_who who;
	struct trace_clock clock;
	const uint8_t *text; /* what an SBI call writes, where the record's own text is too short */
	bool unfinished;     /* it is still being handled */
};

/* Of an exit that is an SBI call. */
struct sbi_traced_call exit_call(const struct trace_exit *exit);
struct sbi_traced_result exit_result(const struct trace_exit *exit);
/* Who gave the answer: "kvm", "vmm", "script" or "nobody". */
const char *exit_answered_by(const struct trace_exit *exit);
/* Whether it is a call that came back with an error. */
bool exit_failed(const struct trace_exit *exit);

/* Of an access to memory: 'R', 'W' or 'X', its width in bytes (0: the hardware did not say), the
 * guest physical address (0: likewise), and the value where it is known. */
char exit_access(const struct exit_record *record);
unsigned int exit_access_width(const struct exit_record *record);
uint64_t exit_access_address(const struct exit_record *record);
bool exit_access_data(const struct exit_record *record, uint64_t *data);

/* The number of the CSR, and what was read from it: false where nothing was. */
uint32_t exit_csr(const struct exit_record *record);
bool exit_csr_data(const struct exit_record *record, uint64_t *data);

/* 'S' or 'U': the mode that the guest was in. */
char exit_mode(const struct exit_record *record);

#endif
