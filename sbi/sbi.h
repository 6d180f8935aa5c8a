/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SBI calls answered in this process: one table of extensions, one file per extension, whatever
 * way a call came (KVM_EXIT_RISCV_SBI, or the forward: forward.h). Knows no KVM.
 */
#ifndef VHART_SBI_H
#define VHART_SBI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/machine.h"
#include "base/sbi_spec.h"
#include "pmu/pmu.h"

/* One call: a0-a5, FID (a6) and EID (a7) in; error (a0) and value (a1) out. */
struct sbi_call {
	unsigned int hart;
	uint64_t eid, fid;
	uint64_t args[6];
	int64_t error;
	uint64_t value;
	/*
	 * Set by a handler, of a call that was forwarded: KVM is to answer it, with args, fid and
	 * eid as the handler left them. KVM has seen and refused it once before.
	 */
	bool pass;
	bool by_script; /* set by an override that answered it */
	/* The hart's pc is still at the ecall, and moves on with the answer; else it has. */
	bool at_ecall;
	/*
	 * Not NULL: KVM has answered it, with error and value, and the call was brought here all
	 * the same. kvm->ask() has KVM answer it as args, fid and eid are now, into error and
	 * value; false: it does not come back.
	 */
	struct sbi_kvm *kvm;
};

struct sbi_kvm {
	bool (*ask)(struct sbi_kvm *kvm, struct sbi_call *call);
};

/* A read of cycle, instret or an hpmcounter (CSRs 0xC00 to 0xC1F) that trapped. */
struct counter_read {
	unsigned int hart;
	unsigned int csr;
	bool supervisor;     /* from VS-mode; else from VU-mode */
	uint64_t scounteren; /* the guest's; all ones in VS-mode, where it does not matter */
	bool answered;	     /* set by the handler; else the hart has an illegal instruction */
	uint64_t value;
};

struct sbi_context; /* what handlers may use: see below */

/*
 * A handler finds error = SBI_ERR_NOT_SUPPORTED and value = 0, so that for a function which it does
 * not know it only has to return. Legacy calls (EIDs 0 to 0x0f; SBI 3.0, chapter 5) have no FID and
 * return one value, in a0; a1 is preserved. Whoever forwarded the call writes a1 all the same (KVM
 * copies both of kvm_run's ret[] back), therefore value starts as the guest's own a1 there.
 */

/* Functions of an extension: all of it, or calls that somebody else is to answer as well. */
struct sbi_claim {
	uint64_t eid, fid;
	bool every_fid, wraps;
};

/*
 * Who answers before the table of extensions does: a script (vmm/script/). On the vCPU's thread,
 * without the machine's lock.
 */
struct sbi_override {
	/* False: CALL is none of its own, and left as it was. */
	bool (*handle)(struct sbi_override *override, struct sbi_context *context,
		       struct sbi_call *call);
	/* What it answers, one after the other: INDEX is 0 and up. False: there are no more. */
	bool (*claim)(const struct sbi_override *override, unsigned int index,
		      struct sbi_claim *claim);
	/* What sbi_probe_extension() says of EID. False: it is none of its own. */
	bool (*probe)(const struct sbi_override *override, uint64_t eid, uint64_t *answer);
};

struct sbi_extension {
	const char *name;     /* "DBCN" */
	uint64_t first, last; /* EIDs, inclusive */
	void (*handle)(struct sbi_context *context, struct sbi_call *call);
	/* Whether this machine has it; NULL: every machine does. */
	bool (*present)(const struct sbi_context *context);
};

/* Owned by the machine. Counters are updated atomically (relaxed): any vCPU thread calls. */
struct sbi_context {
	struct machine *machine;
	struct sbi_override *override;	 /* NULL: nobody */
	_Atomic uint64_t answered;	 /* calls that an extension took */
	_Atomic uint64_t unclaimed;	 /* calls that nobody claimed: answered NOT_SUPPORTED */
	_Atomic uint64_t last_unclaimed; /* the EID that was reported last */
	/* SUSP: stops the calling hart until a wake-up event; called without the machine's lock.
	 * NULL: this machine cannot suspend. When it returns the hart goes on at the address and
	 * with the opaque value of the call (args[1], args[2]): KVM arranges that before it
	 * forwards. */
	void (*suspend)(struct machine *machine, unsigned int hart);
	/* NULL: no counter can be read. */
	void (*read_counter)(struct sbi_context *context, struct counter_read *read);
	/* The PMU of a hart, for calls on that hart's thread; it gives NULL when it has no memory.
	 * NULL itself: there is none. */
	struct pmu *(*pmu)(struct machine *machine, unsigned int hart);
	/* KVM answers the PMU at its own EID; only a restart that it would refuse comes here. */
	bool mend_restart;
	/*
	 * For ECHO: what the forward counts of HART, firmware events by code and platform events
	 * by number. False: not countable. NULL: there is no forward.
	 */
	bool (*count_firmware)(struct sbi_context *context, unsigned int hart, unsigned int code,
			       uint64_t *count);
	bool (*count_platform)(struct sbi_context *context, unsigned int hart, unsigned int event,
			       uint64_t *count);
};

/* Whether the guest's own scounteren lets the hart read that counter in its mode. */
static inline bool counter_read_allowed(const struct counter_read *read)
{
	return read->supervisor || read->scounteren >> (read->csr & 31) & 1;
}

/* Every extension, in the order in which they are looked up; ends with a NULL name. */
extern const struct sbi_extension sbi_extensions[];

/*
 * Answers CALL. Called on the vCPU's thread WITHOUT the machine's lock; handlers that touch a
 * device or the console take it through machine_lock()/machine_unlock().
 */
void sbi_dispatch(struct sbi_context *context, struct sbi_call *call);

/* The same by the table alone, for the override that passes a call on. */
void sbi_answer(struct sbi_context *context, struct sbi_call *call);

/* The extension of this machine that claims EID, or NULL: what sbi_probe_extension() answers. */
const struct sbi_extension *sbi_find(const struct sbi_context *context, uint64_t eid);

/* ---- the handlers, each in the file of its name ---- */

void sbi_base(struct sbi_context *context, struct sbi_call *call);
void sbi_echo(struct sbi_context *context, struct sbi_call *call);
void sbi_echo_counter(struct sbi_context *context, struct counter_read *read);
void sbi_dbcn(struct sbi_context *context, struct sbi_call *call);
void sbi_pmu(struct sbi_context *context, struct sbi_call *call);
bool sbi_pmu_present(const struct sbi_context *context);
void sbi_pmu_read_counter(struct sbi_context *context, struct counter_read *read);
void sbi_legacy_console(struct sbi_context *context, struct sbi_call *call);
void sbi_srst(struct sbi_context *context, struct sbi_call *call);
void sbi_susp(struct sbi_context *context, struct sbi_call *call);

/*
 * Writes one byte to the console and waits until it is taken, as DBCN's write_byte and the legacy
 * putchar must: a terminal that takes nothing holds the hart, as a UART with flow control does on
 * hardware. False: the machine ends.
 */
bool sbi_console_put(struct sbi_context *context, uint8_t byte);

#endif
