/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints: ebreak instructions in the guest's memory, which bring the hart here instead of into
 * the guest's trap handler (KVM_SET_GUEST_DEBUG). They are the machine's over all its lives; what a
 * reset overwrites is put in again.
 *
 * One is at a virtual address, and goes into the page that this leads to on any hart. Where it
 * leads nowhere yet, it waits (pending) and is tried again whenever the harts are held; an address
 * within a Linux kernel that has not turned translation on yet leads to where its image was loaded.
 * What is hit is told by physical address, so that a page which is mapped twice, or by a kernel
 * that has moved itself (KASLR), is hit too.
 *
 * A compressed ebreak of two bytes stands for the first two of the instruction. A guest that writes
 * there meanwhile, as Linux does where it patches itself, takes the breakpoint away until the harts
 * are held next (control/keeper.h sees to that); one that reads its own text sees it.
 *
 * Threads: any; but everything that changes guest memory (the functions with MACHINE) needs all
 * harts held.
 */
#ifndef VHART_BREAKPOINTS_H
#define VHART_BREAKPOINTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine;
struct vcpu;

#define BREAKPOINTS_MAX 256u
#define ANY_HART	UINT32_MAX

enum breakpoint_owner {
	BREAK_BY_VERB,
	BREAK_BY_GDB,
	BREAK_BY_STEP, /* of step.c, for a moment */
};

struct breakpoint {
	uint32_t id; /* 1 and up */
	enum breakpoint_owner owner;
	uint32_t hart; /* which it is for; ANY_HART */
	bool physical; /* ADDRESS is */
	uint64_t address;
	bool inserted;
	bool lifted;	   /* not to be inserted for now */
	uint64_t at;	   /* inserted: physical address */
	uint16_t original; /* what was there */
};

struct breakpoints {
	pthread_mutex_t lock;
	struct breakpoint list[BREAKPOINTS_MAX];
	unsigned int count;
	uint32_t last_id;
	bool debugging; /* KVM brings ebreaks here */
};

void breakpoints_init(struct breakpoints *breakpoints);
void breakpoints_free(struct breakpoints *breakpoints);

/* Adds one like WHAT (owner, hart, physical, address) and inserts it if it can be. Its id; 0: there
 * are too many, or KVM does not bring ebreaks here. */
uint32_t breakpoints_add(struct breakpoints *breakpoints, struct machine *machine,
			 const struct breakpoint *what);
/* False: there is none of that id. */
bool breakpoints_remove(struct breakpoints *breakpoints, struct machine *machine, uint32_t id);
/* All of OWNER. */
void breakpoints_remove_all(struct breakpoints *breakpoints, struct machine *machine,
			    enum breakpoint_owner owner);
/* A copy of the INDEX-th; false: there are fewer. */
bool breakpoints_get(struct breakpoints *breakpoints, unsigned int index, struct breakpoint *copy);

/* MACHINE is new: nothing is inserted in it, and what can be is now. */
void breakpoints_new_life(struct breakpoints *breakpoints, struct machine *machine);
/* Tries those that are pending again, and those that the guest has written over; how many are
 * pending still. */
unsigned int breakpoints_insert_pending(struct breakpoints *breakpoints, struct machine *machine);

/* Whether the last would do something. Harts may run. */
enum breakpoints_need {
	BREAKPOINTS_NEED_NOTHING,
	BREAKPOINTS_ARE_PENDING,
	BREAKPOINTS_ARE_OVERWRITTEN,
};
enum breakpoints_need breakpoints_need(struct breakpoints *breakpoints,
				       const struct machine *machine);
/* Whether there are any. */
bool breakpoints_any(struct breakpoints *breakpoints);

/*
 * VCPU has come to an ebreak at PC; on its thread. True: HIT is a copy of the breakpoint there that
 * is for it (the step's, if there are several). False: the ebreak is the guest's.
 */
bool breakpoints_hit(struct breakpoints *breakpoints, const struct vcpu *vcpu, uint64_t pc,
		     struct breakpoint *hit);
/* Where a hart with SATP has the code at ADDRESS; false: nowhere in RAM. */
bool breakpoints_place(const struct machine *machine, uint64_t satp, uint64_t address,
		       uint64_t *physical);
/* Whether one is inserted there. */
bool breakpoints_is_at(struct breakpoints *breakpoints, uint64_t physical);
/* Takes those that are there out, for a step over them, or puts them in again. */
void breakpoints_lift(struct breakpoints *breakpoints, struct machine *machine, uint64_t physical,
		      bool lift);

/*
 * debug_memory_read() and debug_memory_write() as if there were no breakpoints: what is read has
 * the guest's own instructions, and what is written goes under the ebreaks.
 */
size_t breakpoints_read_memory(struct breakpoints *breakpoints, const struct machine *machine,
			       uint64_t satp, uint64_t address, void *bytes, size_t len);
size_t breakpoints_write_memory(struct breakpoints *breakpoints, const struct machine *machine,
				uint64_t satp, uint64_t address, const void *bytes, size_t len);

#endif
