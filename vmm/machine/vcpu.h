/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU: what is known of it, and what can be done to it from outside of its thread. */
#ifndef VHART_VCPU_H
#define VHART_VCPU_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_log.h"
#include "vmm/forward/forward.h"
#include "vmm/kvm/lcofi.h"
#include "vmm/machine/exit_causes.h"
#include "vmm/machine/hart_where.h"

struct hart_pmu;
struct machine;
struct kvm_run;

/*
 * The signal that takes a vCPU out of KVM_RUN. Its handler sets kvm_run's immediate_exit: one that
 * comes between two KVM_RUNs makes the next return EINTR, so none is lost. (Blocking it outside
 * KVM_RUN with KVM_SET_SIGNAL_MASK would do the same, for 400 instructions more on every exit.)
 */
#define VCPU_KICK_SIGNAL (SIGRTMIN + 6)

enum { VCPU_LOOK_STATE = 1, VCPU_LOOK_TRAP = 2 };

/*
 * What KVM's reset at the resume takes and should not, put back once it was made: the timer and
 * what is pending, without which the guest would not see what woke it. And a kindness to guests, of
 * --pmu-profile best: Linux sets scounteren when a hart starts, not when it resumes, and leaves it
 * as KVM's reset has it.
 */
struct suspend_resume {
	bool pending;
	uint64_t sip, compare;
	bool keep_scounteren;
	uint64_t scounteren;
	unsigned int tries;
};

/* vcpu_stay.h: the vCPU's thread; and another's while the hart is held. */
struct vcpu_stay {
	bool stays;
	cpu_set_t allowed, here; /* where it may run else, and where it does now */
};

struct vcpu {
	struct machine *machine;
	unsigned int id; /* also the hart id */
	int fd;
	struct kvm_run *run;
	size_t run_len;
	pthread_t thread;
	atomic_int tid; /* of its thread, once that runs */
	atomic_bool started;
	atomic_bool hold; /* pause.h; and, with its lock, whether it is held */
	bool held;
	struct vcpu_stay stay;
	struct forward_port forward;
	struct exit_log_port log;
	struct lcofi_port lcofi;
	uint8_t mark; /* base/own_run.h: for the next KVM_RUN */
	uint64_t lcofi_failures;
	struct hart_pmu *pmu; /* NULL: the guest did not call it yet */
	sigset_t kept;	      /* see vcpu_keep_signal() */
	bool keeps;
	struct exit_causes exits; /* its thread writes */
	uint64_t last_hole;	  /* where its last access to nothing went */
	bool suspended;		  /* by SUSP: its thread waits in vhart */
	struct suspend_resume resume;

	/* hart_report.c */
	atomic_uint look;	    /* VCPU_LOOK_*: what it is asked for */
	struct hart_where where;    /* what it found; under the machine's look_lock */
	struct hart_state trapping; /* of the last look that found it in a trap of its handler */
	uint64_t cpu_time_ns;	    /* of its thread, at the last look; the loop's */
};

/* Creates the vCPU and enables the SBI extensions that we answer. False after error(). */
bool vcpu_create(struct vcpu *vcpu, struct machine *machine, int kvm_fd, int vm_fd,
		 unsigned int id);
void vcpu_free(struct vcpu *vcpu);
/* Its KVM_RUN, now or next, returns at once with EINTR. Any thread, while it is started. */
void vcpu_kick(const struct vcpu *vcpu);

/*
 * For the vCPU's thread: SIGNAL interrupts KVM_RUN only, and waits while the thread is elsewhere.
 * Costs 400 instructions on every exit from then on, so it is for those who cannot do without.
 */
bool vcpu_keep_signal(struct vcpu *vcpu, int signal);

#endif
