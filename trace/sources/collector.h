/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the vCPUs of KVM VMs, ours or not, by BPF programs on the kernel's tracepoints
 * (exits.bpf.h). One thread. Closing it, or the end of the process by whatever means, detaches
 * everything.
 */
#ifndef VHART_COLLECTOR_H
#define VHART_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "trace/exits/exit_task.h"
#include "trace/exits/exits_map.h"
#include "trace/sources/collector_options.h"
#include "trace/sources/ring_room.h"

struct collector;

/* What is kept one by one waits in rings of so many bytes, all together, unless said otherwise: a
 * 32nd of the host's memory, from 64 MiB to 256 MiB (ring_room.h). */
uint64_t collector_usual_buffer(void);

#define COLLECTOR_BUFFER_LEAST (1ull << 20)
#define COLLECTOR_BUFFER_MOST  RINGS_MOST

/*
 * Watches from now on, by the best way that this user and kernel have; where that is not BPF,
 * REFUSAL says why. NULL with REFUSAL filled: by none, and nothing stays behind. REFUSAL->why is ""
 * where there is nothing to complain of.
 */
struct collector *collector_open(const struct collector_options *options,
				 struct collector_refusal *refusal);
void collector_close(struct collector *collector);
/* To be called every second, before what was counted is read, and where collector_fd() can be read
 * from; that is -1 where there is no need to. */
#define COLLECTOR_POLL_NS NS_PER_S
void collector_poll(struct collector *collector);
int collector_fd(const struct collector *collector);

/* "BPF at tracepoints and functions", "BPF at tracepoints", "perf tracepoints", "the VMM's log". */
const char *collector_way(const struct collector *collector);
/* Where it is not BPF: what is not known. */
const char *collector_lacks(const struct collector *collector);
/* Now, or up to when it has counted. */
uint64_t collector_now(const struct collector *collector);

/* What is to be called when the sampling event of a vCPU's thread overflows: a BPF program. */
int collector_sampling_program(const struct collector *collector);

/* How many vCPUs were seen, those included that there was no room for. */
uint32_t collector_seen(const struct collector *collector);
/* A warning, where there was not enough room. */
void collector_warn_of_room(const struct collector *collector);
/* Exits that are missing where exits are told apart by key: there was no room. */
uint64_t collector_keys_lost(const struct collector *collector);
/* Events that are missing everywhere: the kernel ran no program, as one ran on that CPU already, or
 * nobody took perf's events in time. */
uint64_t collector_events_missed(const struct collector *collector);

/* What vCPU INDEX has come to, up to now: its state's time is added. False: there is none. */
bool collector_vcpu(const struct collector *collector, uint32_t index, struct exit_vcpu *vcpu);
/* Its exits of kind ROW so far, of a vCPU that collector_vcpu() knows. False: there were none. */
bool collector_times(const struct collector *collector, uint32_t index, uint32_t row,
		     struct exit_times *times);
/* Calls EACH for every key, until it says false: then false. */
bool collector_keyed(const struct collector *collector, exit_key_function *each, void *opaque);
/*
 * The next record of vCPU INDEX, in the order in which the guest went on. False: there is none now.
 * RECORD->lost says how many before it are missing. TEXT is NULL or its long text, which is the
 * caller's to read until collector_take() gives the record's place back.
 */
bool collector_peek(const struct collector *collector, uint32_t index, struct exit_record *record,
		    const uint8_t **text);
/* The stack beside the record that collector_peek() gave, until collector_take(). NULL: there is
 * none. */
const struct exit_stack *collector_stack(const struct collector *collector, uint32_t index);
/* The word that STACK has at ADDRESS. False: that is not in it, or not a word's. */
bool collector_stack_word(const struct collector *collector, uint32_t index,
			  const struct exit_stack *stack, uint64_t address, uint64_t *value);
/* The guest's task of the same record, as collector_stack(). NULL: it is not known. */
const struct exit_task *collector_task(const struct collector *collector, uint32_t index);
/* Where the programs look for tasks, TASK_VMS of them, one for each VM: the caller's to fill, and
 * nothing is known before. NULL: they do not. */
struct task_places *collector_task_places(const struct collector *collector);
void collector_take(struct collector *collector, uint32_t index);
/*
 * The traced exit that vCPU INDEX has not come back from, as far as it is known; RECORD->ns is how
 * long it took up to now, or to the end of its thread. False: there is none.
 *
 * *UNTIL, which is past, becomes earlier where an exit from before it may still turn out to be a
 * traced one: a fault that may be a device's, or one that is being written down. Any other that is
 * from before *UNTIL is RECORD, or has its own record by now.
 */
bool collector_open_exit(const struct collector *collector, uint32_t index,
			 struct exit_record *record, uint64_t *until);
/* When records are to be taken again, in ns, where that was done BEFORE ns after the time before:
 * by how many there are to be taken now (ring_look_after()). */
uint64_t collector_look_after(const struct collector *collector, uint64_t before);
/* Records of vCPU INDEX that are missing so far. */
uint64_t collector_records_lost(const struct collector *collector, uint32_t index);

/* Minima and maxima begin anew. */
void collector_next_interval(struct collector *collector);

#endif
