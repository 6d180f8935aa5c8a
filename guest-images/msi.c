/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An MSI comes to the hart that it is sent to, with its identity, once. The harts halt until it
 * comes; with "running=1" on the command line they run, for a KVM whose halted vCPUs can miss an
 * MSI (vmm/kvm/kvm.h: aia_misses_msis()).
 */
#include "vhart-guest/fdt.h"
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/imsic.h"
#include "vhart-guest/interrupt.h"
#include "vhart-guest/tap.h"
#include "vhart-guest/trap.h"

/* Of two registers of the interrupt file. */
#define FIRST  5u
#define SECOND 39u

static uint64_t ready, seen[GUEST_MAX_HARTS], wrong;
static bool running;

static void on_external(struct trap_frame *frame)
{
	uint32_t identity;

	(void)frame;
	while ((identity = imsic_claim()) != 0) {
		if (identity == FIRST + hart_id() % 8)
			harts_count(&seen[hart_id()]);
		else
			harts_count(&wrong);
	}
}

static void other(uint64_t hart)
{
	imsic_set_up();
	imsic_enable(FIRST + (uint32_t)hart % 8);
	interrupt_enable(IRQ_S_EXTERNAL);
	interrupts_on();
	harts_count(&ready);
	for (;;)
		if (!running)
			interrupt_wait();
}

static void to_each_hart(void)
{
	uint64_t harts, arrived = 0;

	trap_set_handler(CAUSE_INTERRUPT | IRQ_S_EXTERNAL, on_external);
	harts = harts_start(other);
	tap(harts_await(&ready, harts - 1), "%lu other harts wait", harts - 1);
	for (uint64_t hart = 1; hart < harts; hart++)
		imsic_send(hart, FIRST + (uint32_t)hart % 8);
	for (uint64_t hart = 1; hart < harts; hart++)
		arrived += harts_await(&seen[hart], 1) && seen[hart] == 1;
	tap_eq(arrived, harts - 1, "each gets the one that was sent to it");
	tap_eq(wrong, 0, "and no other");
}

/* With interrupts off. */
static void to_itself(uint64_t hart)
{
	imsic_set_up();
	interrupt_enable(IRQ_S_EXTERNAL);
	imsic_send(hart, SECOND);
	tap(imsic_pending(SECOND) && !interrupt_pending(IRQ_S_EXTERNAL),
	    "one that is not enabled waits");
	imsic_enable(SECOND);
	imsic_enable(FIRST);
	imsic_send(hart, FIRST);
	tap(interrupt_pending(IRQ_S_EXTERNAL), "one that is enabled is an external interrupt");
	tap(imsic_claim() == FIRST && imsic_claim() == SECOND && imsic_claim() == 0,
	    "they are claimed by number, and once");
	tap(!imsic_pending(FIRST) && !interrupt_pending(IRQ_S_EXTERNAL), "then none is pending");
	imsic_disable(SECOND);
	imsic_send(hart, SECOND);
	tap(imsic_claim() == 0, "one that is disabled again cannot be claimed");
}

void main(uint64_t hart, const void *fdt)
{
	running = bootarg(fdt_bootargs(fdt), "running", 0);
	if (!imsic_there())
		tap_skip_all("this hart has no IMSIC");
	to_itself(hart);
	to_each_hart();
	tap_end();
}
