/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exits that reach this process, counted for whoever watches it without the privileges that
 * watching the kernel takes (`vhart stat`): in shared memory that any process of the same user
 * finds among the files of this one. While nobody watches, it costs a look at one word an exit.
 *
 * A watcher takes a lease: one that was killed needs no cleaning up.
 */
#ifndef VHART_EXIT_LOG_H
#define VHART_EXIT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"

#define EXIT_LOG_NAME  "vhart-exits" /* of the memfd */
#define EXIT_LOG_MAGIC 0x3274697865766876ull
#define EXIT_LOG_VCPUS 128u  /* further ones are not counted */
#define EXIT_LOG_START 8192u /* where the counts are: a struct exit_counts for each vCPU */
#define EXIT_LOG_MOST                                                                              \
	(EXIT_LOG_START + EXIT_LOG_VCPUS * sizeof(struct exit_counts)) /* its size                 \
									*/

/* In the pages before the counts. Times are CLOCK_MONOTONIC, ns. Any process of the same user can
 * write it: neither side takes an index or an address from it without a look. */
struct exit_log_head {
	uint64_t magic;
	uint64_t vcpus;
	uint64_t size; /* of struct exit_counts: both sides are of one build, or leave it */
	/* The watcher's. */
	uint64_t began;		/* when somebody began to watch */
	uint64_t watched_until; /* 0, or in the past: nobody does any more */
	/* What the scheduler says of each vCPU's thread; ns. */
	struct exit_log_thread {
		uint64_t ran, waited; /* as in schedstat, of those that ended: a life each */
		uint64_t vmm_ran;     /* outside of KVM_RUN, of all */
		uint64_t alive;	      /* one runs: its schedstat has the rest */
	} threads[EXIT_LOG_VCPUS];
};
_Static_assert(sizeof(struct exit_log_head) <= EXIT_LOG_START, "the counts come after it");

struct exit_log {
	struct exit_log_head *head; /* NULL: there is none */
	struct exit_counts *counts;
	uint64_t size;
};

/* Memory for a log of SIZE bytes, which keeps that size (sealed): a file descriptor, or -1 with
 * errno. FLAGS of memfd_create(). */
int exit_log_memory(unsigned int flags, uint64_t size);

/*
 * For VCPUS vCPUs, in the memory behind FD, or in memory of its own (FD is -1). A host that has
 * none to give leaves the log empty: the VM runs as well without.
 */
void exit_log_open(struct exit_log *log, int fd, unsigned int vcpus);
void exit_log_close(struct exit_log *log);

/* One vCPU's part, for its thread only. */
struct exit_log_port {
	struct exit_log_head *head;
	struct exit_counts *counts;
	struct exit_log_thread *thread;
	uint64_t ran; /* when KVM_RUN returned */
	bool counting;
};

/* On the vCPU's thread, before its first KVM_RUN. */
struct exit_log_port exit_log_port(const struct exit_log *log, unsigned int vcpu);

struct kvm_run;
void exit_log_count_left(struct exit_log_port *port, const struct kvm_run *run, int result);
void exit_log_count_entering(struct exit_log_port *port);

/* KVM_RUN returned RESULT. */
static inline void exit_log_left(struct exit_log_port *port, const struct kvm_run *run, int result)
{
	if (port->head && __atomic_load_n(&port->head->watched_until, __ATOMIC_RELAXED))
		exit_log_count_left(port, run, result);
}

/* What it left for was an SBI call that KVM would not have brought here by itself. */
void exit_log_is_call(struct exit_log_port *port, uint64_t eid, uint64_t fid);

/* Its thread ends. */
void exit_log_ended(struct exit_log_port *port);

/* KVM_RUN is next. */
static inline void exit_log_entering(struct exit_log_port *port)
{
	if (port->counting)
		exit_log_count_entering(port);
}

#endif
