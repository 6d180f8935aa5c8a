/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out where a hart is: see vmm/machine/hart_where.h. */
#ifndef VHART_WHERE_H
#define VHART_WHERE_H

#include "vmm/debug/names.h"
#include "vmm/machine/hart_where.h"

struct machine;
struct vcpu;

/*
 * VCPU's registers, into WHERE without names and chain. The vCPU is out of KVM_RUN: on its own
 * thread, or any when it is parked or its thread has ended. Registers that cannot be read stay 0.
 */
void where_read(const struct vcpu *vcpu, struct hart_where *where);

/*
 * Then: who called, by frame pointers through the hart's page tables, and the names of all that. A
 * guest built without frame pointers (-fomit-frame-pointer, the default of gcc) has a chain of one,
 * or a wrong one where none of NAMES tells code from data. Takes steps of a memory of any contents:
 * at most HART_CHAIN_MOST. Pure.
 */
void where_follow(const struct guest_memory *memory, struct debug_names *names,
		  struct hart_where *where);

/*
 * The names of MACHINE's guest, found if they were not and moved to where its harts say that the
 * kernel is; its harts are held. False: there are none.
 */
bool where_names(struct machine *machine);

/* Where all harts of MACHINE are, which are held: config->cpus of HARTS. */
void where_all(struct machine *machine, struct hart_where *harts);

#endif
