/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the BPF programs that watch vCPUs and their collector agree on. Plain data and pure
 * functions: also compiled for BPF. Times are nanoseconds of CLOCK_MONOTONIC.
 *
 * Each vCPU has one writer at a time: the thread that runs it, on the CPU where that thread is. So
 * nothing here is atomic; a reader sees by `sequence` whether it read in the middle of a change.
 */
#ifndef VHART_EXITS_MAP_H
#define VHART_EXITS_MAP_H

#include "base/riscv.h"
#include "trace/exits/exit_rows.h"

/* What a vCPU does; it does one thing at a time, and the times add up to the clock's. */
enum vcpu_state {
	VCPU_GUEST,   /* from kvm_entry to kvm_exit: the host's interrupt handlers are in it */
	VCPU_KERNEL,  /* KVM handles an exit */
	VCPU_VMM,     /* its thread is in userspace */
	VCPU_HALTED,  /* in WFI */
	VCPU_WAITING, /* it could run and has no CPU, or was stopped by a signal */
	VCPU_BLOCKED, /* KVM sleeps, not for WFI: the hart is stopped, or a page is being fetched */
	VCPU_STATES,
	/* No time is counted: */
	VCPU_GONE = VCPU_STATES, /* its thread has ended */
	VCPU_UNSEEN,		 /* it is not known what it does */
};

#define EXIT_VCPUS 128u /* that are watched; further ones are reported */

/* Durations by size: 4 buckets for each power of two, so that a bound is at most a quarter off. */
#define EXIT_BUCKETS 160u

static inline uint64_t exit_bucket(uint64_t ns)
{
	uint64_t top = ns, shift = 0;

	if (ns < 4)
		return ns;
	/* Until its three highest bits are left. Few need the long steps. */
	if (top >> 18)
		for (uint64_t step = 32; step >= 16; step /= 2)
			if (top >> step >> 2) {
				top = sbi_opaque(top >> step);
				shift += step;
			}
	for (uint64_t step = 8; step; step /= 2)
		if (top >= 4u << step) {
			top = sbi_opaque(top >> step);
			shift += step;
		}
	top += shift * 4;
	return top < EXIT_BUCKETS ? top : EXIT_BUCKETS - 1;
}

/* The shortest duration of BUCKET. */
static inline uint64_t exit_bucket_start(uint32_t bucket)
{
	if (bucket < 4)
		return bucket;
	return (4ull + bucket % 4) << (bucket / 4 - 1);
}

/* Exits of one kind. */
struct exit_times {
	uint64_t count;
	uint64_t to_vmm;		/* of them went on to userspace */
	uint64_t ns;			/* handling: in the kernel and in the VMM, awake */
	uint64_t vmm_ns;		/* of it in the VMM */
	uint64_t halted_ns;		/* beside it */
	uint64_t min, max;		/* of ns, in INTERVAL */
	uint64_t interval;		/* the vCPU's, at the last exit */
	uint32_t buckets[EXIT_BUCKETS]; /* of ns */
};

/* Of the exit that came last. */
enum {
	EXIT_NONE,   /* the guest runs */
	EXIT_DIRECT, /* it is being handled: so far in one go */
	EXIT_DETOUR, /* since then KVM slept, was interrupted, or went to userspace */
	EXIT_UNSEEN, /* it came before this vCPU was watched */
	EXIT_ENDED,  /* its thread ended in it: it is counted */
};

/* What KVM has counted of a vCPU's virtual instructions, and the last access to a CSR. */
struct exit_told {
	uint64_t wfi, wrs, csr, csr_insn;
};

/* What programs change at each exit is in words of 64 bits: others cost a conversion each time. */
struct exit_vcpu {
	uint64_t sequence;	     /* odd while it changes */
	uint64_t kvm;		     /* the kernel's struct kvm: which VM of its process */
	uint32_t tgid, tid, vcpu_id; /* as the collector's PID namespace has them */
	uint32_t thread;	     /* its tid as the first PID namespace has it */
	uint64_t interval;	     /* the collector counts it up: minima, maxima begin anew */
	uint64_t apart;		     /* exits are also told apart by a key, or kept one by one */
	uint64_t state;		     /* enum vcpu_state */
	uint64_t before;	     /* the state that it had when it lost its CPU */
	uint64_t row;		     /* of the exit that is being handled, or was last */
	uint64_t open;		     /* EXIT_...: it is being handled */
	uint64_t to_vmm;	     /* EXIT_DETOUR: 0, or 1 + the exit reason of KVM_RUN */
	uint64_t since;		     /* when the state began to be counted */
	uint64_t first;		     /* when this vCPU was first seen */
	uint64_t exited;	     /* when the exit came */
	uint64_t left; /* when it first halted or went to the VMM, if not before exited */
	uint64_t ns[VCPU_STATES];
	uint64_t at_exit[VCPU_STATES]; /* EXIT_DETOUR: what ns was then */
	uint64_t exits;
	uint64_t timed, own_ns; /* EXITS_PER_TIMED: such exits, what the programs took in them */
	uint64_t orphans;    /* entries or exits without their other half: seen only where watching
				began */
	uint64_t pc;	     /* the guest's, at the last exit */
	uint64_t key;	     /* what the exit is grouped by beside its row (enum exit_key) */
	uint64_t time_delta; /* the guest's time CSR is the host's and this */
	uint64_t overflows;  /* of the sampling event, in this vCPU's thread, wherever it was */
	uint64_t due;	     /* of them since the last exit, in the guest */
	uint64_t stvec;	     /* the guest's, as KVM last saved it */
	uint64_t own;	     /* it runs for its VMM (own_run.h), who handles the exit still */
	struct exit_told told; /* EXIT_VIRTUAL_UNTOLD: at the exit */
};

/*
 * At one exit in so many the programs look at the clock again when they are done: a guess at what
 * they cost that costs nothing itself, needs no rights, and touches nobody else's programs.
 * (BPF_ENABLE_STATS makes every program on the machine do so every time.)
 */
#define EXITS_PER_TIMED 64u

struct exit_counts {
	struct exit_vcpu vcpu;
	struct exit_times times[EXIT_TIMES];
};

/* Which index a vCPU has, also when another thread runs it; by kvm 0, the one of that number in its
 * process that was seen first last. */
struct known_name {
	uint64_t kvm;
	uint32_t tgid, vcpu_id;
};

/* Which vCPU a thread runs. */
struct runner {
	uint64_t vcpu; /* struct kvm_vcpu; 0: not known yet */
	uint32_t tid;  /* as the first PID namespace has it */
	uint32_t index;
	uint32_t watched;
};

/* What `--by` can need that no table of fixed size has. */
enum exit_key {
	KEY_NONE,
	KEY_MMIO,
	KEY_CSR,
	KEY_PC,
	KEY_FINDINGS, /* devices, CSRs, and SBI calls that failed */
};

struct exit_key_name {
	uint64_t value; /* guest physical address, CSR, guest pc, or what the call returned */
	uint32_t vcpu;	/* index of its struct exit_vcpu */
	uint32_t row;
};

/* For whoever is told of each key that there is. False: no more of them. */
typedef bool exit_key_function(void *opaque, const struct exit_key_name *name,
			       const struct exit_times *times);

/* ---- one by one ---- */

/* What is traced, a bit each. */
enum exit_class {
	CLASS_SBI = 1,
	CLASS_MMIO = 2,
	CLASS_CSR = 4,
	CLASS_WFI = 8,
	CLASS_FAULT = 16, /* RAM that was not there yet */
	CLASS_IRQ = 32,	  /* of the host; none of the guest's business */
	CLASS_LCOFI = 64, /* a counter that overflowed */
	CLASS_OTHER = 128,
	CLASS_ALL = 255,
};

static inline uint32_t exit_class(uint32_t row)
{
	if (row >= EXIT_SBI)
		return CLASS_SBI;
	if (row == EXIT_LOAD_MMIO || row == EXIT_STORE_MMIO)
		return CLASS_MMIO;
	if (row == EXIT_CSR_READ || row == EXIT_CSR_WRITE)
		return CLASS_CSR;
	if (row == EXIT_WFI || row == EXIT_WRS)
		return CLASS_WFI;
	if (row >= EXIT_FETCH_FAULT && row <= EXIT_WALK_WRITE)
		return CLASS_FAULT;
	if (row == EXIT_IRQ + IRQ_LCOFI)
		return CLASS_LCOFI;
	return row < EXIT_EXCEPTION ? CLASS_IRQ : CLASS_OTHER;
}

/* The path of one sample. Times are 0 where nobody saw it. */
struct exit_lcofi {
	uint64_t overflowed; /* the host took its counter's interrupt */
	uint64_t injected;   /* the guest's became pending, in this exit */
	uint64_t by;	     /* who made it so: enum lcofi_by */
	uint64_t taken;	     /* the guest cannot mask it: it goes on in its handler */
};

/* As much of what a guest writes to its console is in a record itself. */
#define RECORD_TEXT 32u
/* And so much is kept beside it where it is asked for. */
#define RECORD_LONG_TEXT 256u

/* An exit and what came of it. It is complete when the guest runs again. */
struct exit_record {
	uint64_t lost; /* of this vCPU, just before it: there was no room */
	uint64_t exited, entered;
	uint64_t ns, vmm_ns, halted_ns; /* as in struct exit_times */
	uint64_t pc, next_pc;
	union {
		struct {
			uint64_t scause, stval, htval, htinst;
		};
		uint8_t text[RECORD_TEXT]; /* RECORD_BYTES */
	};
	uint64_t args[8];	 /* a0 to a7 at an SBI call */
	struct exit_lcofi lcofi; /* RECORD_LCOFI */
	uint64_t result[2];	 /* a0 and a1 when the guest went on */
	uint64_t data;		 /* what was written to a device, or read, or read from a CSR;
				    of an SBI call, KVM's answer where a signal came then */
	uint64_t sstatus;	 /* SPP: the mode that the guest was in */
	uint32_t row;
	uint32_t to_vmm; /* 0, or 1 + the exit reason of KVM_RUN */
	uint32_t known;	 /* RECORD_... */
	uint32_t text_size;
	uint32_t left_after; /* ns from the exit until it first halted or went to the VMM */
	uint32_t samples;    /* overflows of the sampling event for which the guest left */
};

/* The text of a record, from its beginning: where rules.text is more than RECORD_TEXT. */
struct exit_text {
	uint8_t bytes[RECORD_LONG_TEXT];
};

enum {
	RECORD_ARGS = 1,
	RECORD_DATA = 2,
	RECORD_BYTES = 4,   /* text: the first bytes that an SBI call writes */
	RECORD_LCOFI = 8,   /* an exit for an overflow, or one in which an LCOFI became pending */
	RECORD_BY_VMM = 16, /* KVM handed the SBI call over */
	RECORD_BY_SCRIPT = 32, /* the VMM says that a script answered it */
};

/*
 * A stack of Linux has 16 KiB and begins at a multiple of it (THREAD_SIZE of riscv64). Most are
 * short where a guest leaves: what is kept of one, from sp to its end, is in pieces.
 */
#define STACK_SIZE   16384u
#define STACK_PIECE  512u
#define STACK_PIECES (STACK_SIZE / STACK_PIECE)
/* Of a process, whose stack may be far larger. */
#define USER_STACK_PIECES 8u

/* The registers and the stack of a guest's kernel, beside the record of the same exit. */
struct exit_stack {
	uint64_t sp, fp, ra;
	uint64_t base;	 /* the address of its first piece: sp is in it */
	uint64_t pieces; /* that are there */
	uint64_t first;	 /* its number: a vCPU's pieces are a ring, and counted up */
};

struct stack_piece {
	uint64_t words[STACK_PIECE / 8];
};

/* How many pieces there are from BASE, where one begins, to the end of the stack. */
static inline uint64_t stack_pieces(uint64_t base)
{
	return (STACK_SIZE - (base & (STACK_SIZE - 1))) / STACK_PIECE;
}

/*
 * The upper half of a root table: what maps the guest's kernel. Every process's root has the same
 * entries there, and the tables behind them are never given back, while a root is its process's and
 * ends with it.
 */
#define KERNEL_ENTRIES 256u
struct kernel_root {
	uint64_t kvm, stvec; /* whose, and that of which kernel */
	uint64_t satp;	     /* 0: not known */
	uint64_t entries[KERNEL_ENTRIES];
};

/* A ring per vCPU: the vCPU writes at head, the collector reads at tail. */
struct exit_ring {
	uint64_t head;
	uint64_t tail;	     /* the collector's */
	uint64_t lost;	     /* in all */
	uint64_t lost_since; /* the last record that fit */
	uint64_t open;	     /* the record at head has its exit, and waits for the entry */
	uint64_t injected;   /* an LCOFI, since the guest last went on; 0: none */
	uint64_t by;	     /* who did that: struct exit_lcofi */
	uint64_t entered;    /* rules.lcofi: when the guest last went on */
	uint64_t sampled;    /* it is kept for its samples, whatever its class */
	uint64_t pieces_head, pieces_tail; /* of stacks, as head and tail */
	uint64_t pieces_next; /* what pieces_head will be when the record at head is complete */
};

/* Set before loading. */
struct exit_rules {
	uint64_t pid_namespace_device, pid_namespace_inode; /* in which process ids are given */
	uint32_t tgid;					    /* watch only its VMs; 0: all */
	uint32_t key;					    /* enum exit_key */
	uint32_t vcpus;					    /* there is room for */
	uint32_t traced;				    /* enum exit_class: 0: none is */
	uint32_t ring;					    /* records a vCPU */
	uint32_t text;					    /* bytes of what a guest writes */
	uint32_t lcofi;					    /* also the paths of samples */
	uint32_t apart;	  /* there is a key, or something is traced or sampled */
	uint32_t sampled; /* exits that are samples are also kept one by one */
	uint32_t stacks;  /* and the stack beside them */
	uint32_t pieces;  /* of stacks a vCPU; at least STACK_PIECES where they are kept */
	uint32_t tasks;	  /* and the guest's task (exit_task.h) beside them */
};

/* An exit by its row when it came, or as it is known since: it may turn out to be another. */
static inline int exit_may_be_traced(uint32_t traced, uint32_t lcofi, uint32_t row)
{
	uint32_t classes = exit_class(row);

	/* Faults may turn out to be devices'. */
	if (classes == CLASS_FAULT)
		classes |= CLASS_MMIO;
	if (row == EXIT_VIRTUAL_UNTOLD)
		classes |= CLASS_WFI | CLASS_CSR;
	/* An LCOFI may become pending in any. */
	return traced & classes || lcofi;
}

/*
 * VCPU is in an exit that is none of those that are traced, and KVM may find yet that it is one. It
 * does so before it sleeps or goes to the VMM, but for an LCOFI that ends such a wait.
 */
static inline int exit_may_turn_out(const struct exit_rules *rules, const struct exit_vcpu *vcpu)
{
	uint32_t row = (uint32_t)vcpu->row;
	int in_exit = vcpu->open == EXIT_DIRECT || vcpu->open == EXIT_DETOUR;
	int in_vmm = vcpu->open == EXIT_DETOUR && vcpu->to_vmm;
	int asleep = vcpu->state == VCPU_BLOCKED || vcpu->state == VCPU_HALTED;

	return in_exit && !in_vmm && !asleep && !(rules->traced & exit_class(row)) &&
	       exit_may_be_traced(rules->traced, rules->lcofi, row);
}

static inline int exit_rules_use_rings(const struct exit_rules *rules)
{
	return rules->traced || rules->sampled;
}

static inline int exit_rules_long_text(const struct exit_rules *rules)
{
	return rules->traced && rules->text > RECORD_TEXT;
}

#endif
