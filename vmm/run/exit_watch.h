/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the machine's watcher of exits before they are handled. On the vCPU's thread, without the
 * machine's lock. Where nobody watches exits it is two loads and a branch.
 */
#ifndef VHART_EXIT_WATCH_H
#define VHART_EXIT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/machine/machine_private.h"

struct counter_read;
struct sbi_call;

static inline bool exit_is_watched(const struct vcpu *vcpu)
{
	const struct machine_watcher *watcher = vcpu->machine->watcher;

	return watcher && atomic_load_explicit(&watcher->exit, memory_order_acquire);
}

/* The exit in vcpu->run. */
void exit_watch_mmio(const struct vcpu *vcpu);
void exit_watch_csr(const struct vcpu *vcpu);
/* A call, and a read of a counter, that KVM or the forward brought. */
void exit_watch_call(const struct vcpu *vcpu, const struct sbi_call *call);
void exit_watch_counter(const struct vcpu *vcpu, const struct counter_read *read);

#endif
