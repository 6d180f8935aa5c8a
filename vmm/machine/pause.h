/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding harts: each at a point between two instructions, out of KVM_RUN, where any thread may
 * read and write its registers. A paused machine has all of them held; then its devices stand still
 * (the event loop is frozen, and what was under way is done), and so does the guest's time: the
 * last hart that comes to its place notes it, and the first that leaves it puts it back.
 *
 * What cannot be stopped: the host's clocks that a guest sees otherwise than by its time CSR (the
 * RTC, packets of others that wait on the host), and what the host has in hand for it (steal time).
 *
 * Threads: any but a vCPU's, which may only ask, and without the machine's lock.
 */
#ifndef VHART_PAUSE_H
#define VHART_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct pause;
struct vcpu;

void pause_init(struct pause *pause);
void pause_free(struct pause *pause);

/* Asks all harts to come; they do so by themselves. Any thread, also a vCPU's. */
void pause_ask(struct machine *machine);
/*
 * Waits until all are there and the devices stand still. False: the machine ends, or a hart does
 * not come within seconds (BUSY is its number; UINT32_MAX: it ends).
 */
bool pause_wait(struct machine *machine, uint32_t *busy);
/*
 * After pause_wait(): all harts stay where they are until pause_unpin(), even when the machine ends
 * meanwhile, which waits for that. False: it ends already.
 */
bool pause_pin(struct machine *machine);
void pause_unpin(struct machine *machine);
/*
 * While pinned: HART's own thread does ERRAND, without any lock, and has when this returns. For
 * what belongs to that thread, as its perf events do.
 */
void pause_errand(struct machine *machine, unsigned int hart,
		  void (*errand)(struct vcpu *vcpu, void *opaque), void *opaque);
/* Calls LOOK for each hart that is held now, and holds it for that time. */
void pause_for_held(struct machine *machine, void (*look)(struct vcpu *vcpu));
/* Lets the harts go. A hart that has not run yet starts. */
void pause_end(struct machine *machine);
/* Lets HART go; the others stay as they are, devices and time go on. To hold it again: pause_ask().
 */
void pause_let_one(struct machine *machine, unsigned int hart);
/* Waits until HART is held again, or the machine is to be paused, by somebody else's pause_ask();
 * false: LIMIT_NS has passed, or the machine ends. */
bool pause_wait_one(struct machine *machine, unsigned int hart, uint64_t limit_ns);
bool pause_wait_asked(struct machine *machine, uint64_t limit_ns);
/* Waits until the machine is neither paused nor to be. False: LIMIT_NS has passed, or it ends. */
bool pause_wait_over(struct machine *machine, uint64_t limit_ns);
/* pause_ask() and pause_wait(). */
bool pause_take_back(struct machine *machine);

/* On the vCPU's thread, out of KVM_RUN, where no exit is half done: stays there while it is held.
 */
void pause_point(struct vcpu *vcpu);
/* The machine ends: nobody is held any more. After machine->stopping was set. */
void pause_give_up(struct machine *machine);

#endif
