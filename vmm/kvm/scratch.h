/* SPDX-License-Identifier: Apache-2.0 */
/* A scratch VM for `vhart probe`: one page of RAM, one vCPU, and a guest of a few instructions. */
#ifndef VHART_PROBE_SCRATCH_H
#define VHART_PROBE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

struct scratch {
	int vm_fd, vcpu_fd;
	struct kvm_run *run;
	size_t run_len;
	void *ram;
};

/* 0 or -errno; STEP names what failed. Close it in both cases. */
int scratch_open(struct scratch *scratch, int kvm_fd, const char **step);
void scratch_close(struct scratch *scratch);
enum scratch_end {
	SCRATCH_READY,	 /* the guest is set up and waits for its rounds */
	SCRATCH_SPUN,	 /* all rounds done, no trap */
	SCRATCH_TRAPPED, /* scause in SCAUSE */
	SCRATCH_STUCK,	 /* no answer in time */
	SCRATCH_FAILED, /* KVM_RUN failed: errno in FAILURE, or 0 and an exit that nobody expects */
};

struct scratch_outcome {
	enum scratch_end end;
	uint64_t scause;
	int failure;
	unsigned int exit_reason;
};

/* Runs the guest until it says that it is ready. */
struct scratch_outcome scratch_start(struct scratch *scratch);
/* Lets the guest that is ready spin ROUNDS times: two instructions each. */
struct scratch_outcome scratch_spin(struct scratch *scratch, uint64_t rounds);

/* The same in two steps: its answer, and KVM_RUN until the guest tells what happened. */
void scratch_answer(struct scratch *scratch, uint64_t rounds);
struct scratch_outcome scratch_run(struct scratch *scratch);
/*
 * The vCPU, which has not run, becomes that of another guest; 0 or -errno. Again and again it makes
 * the SBI call that its registers hold, and then writes to address 0, which is MMIO. A hart that
 * resumes from SUSP at scratch_resume_address() writes at once.
 */
int scratch_begin_calls(struct scratch *scratch);
uint64_t scratch_resume_address(void);
/*
 * The same of a guest that is ready at its first exit, and then jumps to t1, to an instruction
 * behind which "jr t2" stands: the next exit, a write to address 0, has scause of its trap in a1,
 * or 0.
 */
int scratch_begin_instructions(struct scratch *scratch);
/* KVM_RUN until an exit of whatever kind; false, with OUTCOME: it failed, or none came in time. */
bool scratch_step(struct scratch *scratch, struct scratch_outcome *outcome);

/*
 * The same of a guest that makes the SBI call of a6 and a7 s1 times, then writes to address 0, and
 * so on; and of one that does nothing but such writes.
 */
int scratch_begin_trips(struct scratch *scratch);
int scratch_begin_stores(struct scratch *scratch);
/* KVM_RUN until TIMES exits of whatever kind; false, with OUTCOME: it failed, or took too long. */
bool scratch_repeat(struct scratch *scratch, unsigned int times, struct scratch_outcome *outcome);

/* Ends what the last exit left for the next KVM_RUN, so that registers can be set: 0 or -errno. */
int scratch_settle(struct scratch *scratch);

/*
 * The same of a guest that sets its timer by SBI TIME again and again, and exits (MMIO) when
 * stimecmp is not what it set: for a vCPU with Sstc.
 */
int scratch_begin_deadlines(struct scratch *scratch);
/*
 * KVM_RUN, interrupted by a signal every millisecond, until an exit, or until it was interrupted
 * TIMES: then OUTCOME is SCRATCH_SPUN, and the result false.
 */
bool scratch_disturb(struct scratch *scratch, unsigned int times, struct scratch_outcome *outcome);

/* What the exit that is there means. */
struct scratch_outcome scratch_exit(const struct scratch *scratch);
/* OUTCOME in words, for a finding. */
void scratch_explain(const struct scratch_outcome *outcome, char *text, size_t size);

#endif
