/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a hart is: its registers, what it waits for, whether it takes one trap for ever; and the
 * line that says so. Pure: who reads the registers is vmm/debug/where.h.
 */
#ifndef VHART_HART_STATE_H
#define VHART_HART_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guest_memory.h"

#define HART_SYMBOL_MAX 96u
#define HART_LINE_MAX	512u

enum hart_activity {
	HART_UNKNOWN, /* its thread is busy in vhart: nothing could be read */
	HART_RUNNING,
	HART_HALTED,	/* in WFI */
	HART_STOPPED,	/* by HSM, or not started yet */
	HART_SUSPENDED, /* by HSM or SUSP */
	HART_ACTIVITIES,
};

struct hart_state {
	unsigned int hart;
	enum hart_activity activity;
	bool supervisor; /* VS-mode; else VU-mode */
	uint64_t pc, ra, scause, sepc, stval, stvec, sstatus, satp;
	char pc_symbol[HART_SYMBOL_MAX]; /* "cpu_idle+0x1c"; "": none is known */
	char ra_symbol[HART_SYMBOL_MAX];
	char sepc_symbol[HART_SYMBOL_MAX];
};

/* "running", "halted", ...: for lines and JSON. */
const char *hart_activity_name(enum hart_activity activity);

/* "illegal instruction", "supervisor timer interrupt"; "reserved" (privileged spec, scause). */
const char *hart_cause_name(uint64_t scause);

/*
 * What a hart that was taken out of KVM_RUN had been doing: KVM leaves pc behind a WFI that a
 * signal ended, and behind the call of a hart that HSM suspended. A6 and A7 are its registers.
 */
enum hart_activity hart_activity_at(const struct guest_memory *memory, uint64_t satp, uint64_t pc,
				    uint64_t a6, uint64_t a7);

/*
 * Whether STATE is that of a hart whose trap handler traps at once: it comes from an exception in
 * supervisor mode that was itself within the first instructions of the handler. A hart where two
 * looks find the same will not leave that any more: interrupts are off.
 */
bool hart_state_traps_again(const struct hart_state *state);
/*
 * Whether INSTRUCTION can only be meant for machine mode: an access to one of its CSRs, or mret.
 * NAME ("mhartid", "CSR 0x7c0", "mret") has room for 24 bytes.
 */
bool hart_machine_mode_instruction(uint32_t instruction, char name[24]);

/*
 * The first such instruction of a program, at most 4 KiB behind its ENTRY, as if it ran straight
 * on. AT is its guest-physical address.
 */
bool hart_find_machine_mode(const struct guest_memory *memory, uint64_t entry, uint64_t *at,
			    char name[24]);

/* Adds to a line about a hart, as printf() does; what does not fit is left out. */
void hart_line_add(char out[HART_LINE_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "hart 0: running in S-mode at pc ...; last trap: ..."; OUT is always ended. */
void hart_state_text(const struct hart_state *state, char out[HART_LINE_MAX]);

#endif
