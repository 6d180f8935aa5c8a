/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/trap.h"

#include <stddef.h>

#include "vhart-guest/csr.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/print.h"
#include "vhart-guest/sbi.h"

#define CAUSES 64u

static trap_handler exception_handlers[CAUSES], interrupt_handlers[CAUSES];
static volatile struct trap records[GUEST_MAX_HARTS];

/* Where CAUSE's is kept; NULL: nowhere. */
static trap_handler *handler_of(uint64_t cause)
{
	uint64_t number = cause & ~CAUSE_INTERRUPT;

	if (number >= CAUSES)
		return NULL;
	return cause & CAUSE_INTERRUPT ? &interrupt_handlers[number] : &exception_handlers[number];
}

void trap_set_handler(uint64_t cause, trap_handler handler)
{
	trap_handler *place = handler_of(cause);

	if (place)
		__atomic_store_n(place, handler, __ATOMIC_RELEASE);
}

volatile struct trap *trap_record(void)
{
	return &records[hart_id()];
}

void trap_skip(struct trap_frame *frame)
{
	frame->pc += (*(const volatile uint16_t *)frame->pc & 3) == 3 ? 4 : 2;
}

bool trap_free(void (*attempt)(void))
{
	volatile struct trap *record = trap_record();
	uint64_t before = record->exceptions;
	bool expected = record->expected;

	record->expected = true;
	attempt();
	record->expected = expected;
	return record->exceptions == before;
}

static void take_interrupt(const struct trap_frame *frame)
{
	trap_record()->interrupts++;
	csr_clear(sie, 1ull << (frame->cause & 63));
}

static void take_exception(struct trap_frame *frame)
{
	volatile struct trap *record = trap_record();

	record->exceptions++;
	if (!record->expected) {
		print("Bail out! unexpected trap: hart %lu, scause %lu, sepc 0x%lx, stval 0x%lx\n",
		      hart_id(), frame->cause, frame->pc, frame->value);
		reset(SRST_SHUTDOWN, SRST_SYSTEM_FAILURE);
	}
	if (frame->cause == CAUSE_FETCH_ACCESS_FAULT || frame->cause == CAUSE_FETCH_PAGE_FAULT)
		frame->pc = frame->x[1];
	else
		trap_skip(frame);
}

/* Called by trap_entry. */
void trap_take(struct trap_frame *frame);
void trap_take(struct trap_frame *frame)
{
	const trap_handler *place = handler_of(frame->cause);
	trap_handler handler = place ? __atomic_load_n(place, __ATOMIC_ACQUIRE) : NULL;
	volatile struct trap *record = trap_record();

	if (handler) {
		handler(frame);
		return;
	}
	record->cause = frame->cause;
	record->pc = frame->pc;
	record->value = frame->value;
	if (frame->cause & CAUSE_INTERRUPT)
		take_interrupt(frame);
	else
		take_exception(frame);
}
