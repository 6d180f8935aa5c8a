/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever drives a machine from outside hears of it by these functions, each of which must return
 * soon and must not take the machine's lock. A machine that nobody drives has no watcher.
 */
#ifndef VHART_WATCHER_H
#define VHART_WATCHER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_exit;
struct machine;
struct vcpu;

struct machine_watcher {
	/* A life begins: its vCPUs are made and have not run. On the thread of the loop to be.
	 * True: they are to be held at their first instruction (pause.h). */
	bool (*started)(void *opaque, struct machine *machine);
	/* It is over, and MACHINE goes away when this returns. Its vCPUs have stopped. */
	void (*ending)(void *opaque, struct machine *machine);
	/* The guest's characters; any thread, the machine's lock held. */
	void (*console)(void *opaque, const void *bytes, size_t len);
	/* A mistake of the guest that is told the user; any thread. */
	void (*guest_error)(void *opaque, const char *text);
	/* VCPU is at an ebreak at PC; on its thread, out of KVM_RUN. False: the ebreak is the
	 * guest's own. */
	bool (*stopped_at)(void *opaque, struct vcpu *vcpu, uint64_t pc);
	/*
	 * EXIT (MMIO, CSR or SBI) came to this process, and nobody has handled it; on its vCPU's
	 * thread. NULL: nobody wants exits, which then take no longer. It can be set while vCPUs
	 * run: with release order, once what it needs is there.
	 */
	void (*_Atomic exit)(void *opaque, struct machine *machine, const struct guest_exit *seen);
	/* Whether somebody has told it to stay paused; any thread. */
	bool (*is_paused)(void *opaque);
	void *opaque;
};

#endif
