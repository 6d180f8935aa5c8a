/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a hart is, in full: its state, what it waits for and who called; as text and as JSON. Pure:
 * who fills it is vmm/debug/where.h.
 */
#ifndef VHART_HART_WHERE_H
#define VHART_HART_WHERE_H

#include "vmm/machine/hart_state.h"

#define HART_CHAIN_MOST 24u

struct hart_where {
	struct hart_state state;
	uint64_t sp, fp, sie, sip;
	uint64_t time, stimecmp; /* of the guest; ticks */
	uint64_t timer_hz;	 /* ticks a second; 0: not known */
	bool loops;		 /* the instruction at pc is a jump to itself */
	unsigned int depth;	 /* of the chain; 0: it was not followed */
	struct hart_caller {
		uint64_t address;	      /* [0] is pc; the others are where calls return to */
		char symbol[HART_SYMBOL_MAX]; /* "": none is known */
	} chain[HART_CHAIN_MOST];
};

/*
 * Its lines, in this order: what hart_state_text() says, then what it waits for, then who called,
 * without those that have nothing to say. TELL gets them one by one.
 */
void hart_where_tell(const struct hart_where *where, void (*tell)(void *context, const char *line),
		     void *context);

/* What it waits for or does: "waits for an interrupt: enabled: timer; ..."; "": nothing to say. */
void hart_where_waits(const struct hart_where *where, char out[HART_LINE_MAX]);

/* The object of one hart, as in --result; the caller's. NULL: no memory. */
struct json_object;
struct json_object *hart_where_json(const struct hart_where *where);

#endif
