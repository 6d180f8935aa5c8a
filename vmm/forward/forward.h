/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forward: the second way in which SBI calls reach this process. BPF programs copy a call that
 * KVM keeps to itself into a slot of its hart and raise a signal on the vCPU's thread. KVM answers
 * the call with NOT_SUPPORTED, and returns EINTR before the guest runs again. The vCPU's thread
 * then finds the slot moved, and puts the answer over KVM's.
 *
 * The EIDs in the rules are those that KVM answers NOT_SUPPORTED (a disabled extension, or one that
 * it does not know); not those that it hands over by itself (KVM_EXIT_RISCV_SBI).
 *
 * Reads of counter CSRs that trap come the same way.
 *
 * Threads: a port is used by its vCPU's thread only; the counts can be read by any. A process can
 * have several machines: the programs of each know its vCPUs by a number in their kvm_run.
 */
#ifndef VHART_FORWARD_H
#define VHART_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sbi/sbi.h"
#include "vmm/forward/forward_map.h"

/*
 * What the programs raise, on a vCPU's thread inside KVM_RUN and nowhere else. It is not blocked:
 * KVM_SET_SIGNAL_MASK would cost every exit 400 instructions. See kvm_run_leave().
 */
#define FORWARD_SIGNAL (SIGRTMIN + 7)

struct forward;
struct kvm_run;

/* Why there is no forward: for the user's one line. */
struct forward_refusal {
	char why[160];
	const char *way_out;
};

/* Loads the programs; before the vCPUs run. NULL: see REFUSAL. */
struct forward *forward_open(const struct forward_rules *rules, unsigned int harts,
			     struct forward_refusal *refusal);
void forward_close(struct forward *forward); /* NULL is fine */

/* "at KVM's functions" or "at KVM's tracepoints". */
const char *forward_way(const struct forward *forward);

/*
 * Whether the programs still run, to be asked now and then. False, once: a call that came since
 * may have been answered NOT_SUPPORTED by KVM; REFUSAL says what happened.
 */
bool forward_check(struct forward *forward, struct forward_refusal *refusal);

/* ---- one vCPU ---- */

/* All zero: nothing is forwarded. */
struct forward_port {
	struct forward_slot *slot;
	uint64_t seen; /* slot->sequence of what was taken last */
	const struct forward *forward;
	unsigned int hart;
	int vcpu_fd;
};

/* What came. */
struct forwarded {
	enum forward_kind kind;
	struct sbi_call call;
	struct counter_read read;
	/* For forward_answer() only. */
	struct forward_slot slot;
	bool kept; /* KVM answered it: the call has its error and value */
	bool redirected;
	uint64_t sstatus;
};

/* On the thread of the vCPU, before its first KVM_RUN. 0 or -errno. */
int forward_attach_vcpu(struct forward *forward, struct forward_port *port, unsigned int hart,
			int vcpu_fd, struct kvm_run *run);

/* To be asked after each return of KVM_RUN, whatever it returned: one load. */
static inline bool forward_waits(const struct forward_port *port)
{
	return port->slot && __atomic_load_n(&port->slot->sequence, __ATOMIC_RELAXED) != port->seen;
}

/*
 * Takes what waits. RESULT is what KVM_RUN returned. FORWARD_NOTHING when it needs no answer: KVM
 * handed the call over itself, or the hart has gone on without it, which is counted as lost.
 */
enum forward_kind forward_take(struct forward_port *port, int result,
			       const struct guest_memory *memory, struct forwarded *forwarded);

/*
 * Answers: a call with its error and value or, when the handler said pass, by giving it to KVM as
 * its arguments, EID and FID are now; a read with its value, or by leaving the hart where KVM left
 * it. 0 or -errno.
 */
int forward_answer(struct forward_port *port, const struct forwarded *forwarded);

/*
 * Puts a call that KVM keeps back before its ecall, with arguments and FID as they are in FORWARDED
 * now. When KVM has answered it, it is forwarded once more, if it comes back. 0 or -errno.
 */
int forward_repeat(const struct forward_port *port, const struct forwarded *forwarded);
bool forward_comes_back(const struct forward_port *port, const struct sbi_call *call);

/* ---- counts ---- */

/*
 * Counts what follows, if it does not yet. False: this host cannot; see REFUSAL. From then on each
 * exit costs some hundred instructions more.
 */
bool forward_count(struct forward *forward, struct forward_refusal *refusal);

/*
 * How often the firmware event CODE (SBI 3.0, 11.3.4) happened to HART in calls that KVM answered,
 * and in exits. False: not counted.
 */
bool forward_firmware_count(const struct forward *forward, unsigned int hart, unsigned int code,
			    uint64_t *count);

enum forward_platform_event {
	FORWARD_EXITS,		/* of every kind */
	FORWARD_STAGE_2_FAULTS, /* guest page faults: MMIO, and RAM that is touched first */
	FORWARD_HALTS,		/* WFI */
	FORWARD_HOST_INTERRUPTS,
	FORWARD_ECALLS,
	FORWARD_VIRTUAL_INSTRUCTIONS,
	FORWARD_PLATFORM_EVENTS,
};
bool forward_platform_count(const struct forward *forward, unsigned int hart, unsigned int event,
			    uint64_t *count);

#endif
