/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance scenarios of the SBI PMU, and what runs them. Compiled natively, where a struct pmu
 * with simulated counters is under test, and into a bare-metal guest, where a kernel's PMU or the
 * VMM's is: no C library but memcpy() and memset().
 */
#ifndef TESTS_PMU_RUNNER_H
#define TESTS_PMU_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

/* ---- what is expected: one column per profile, in the order of the reference document ---- */

enum column {
	LINUX_6_12_107,
	LINUX_7_2,
	SPEC,
	BEST,
	COLUMNS,
	/* Written in no row: 6.12.113 and later are as 7.2 where the row says so, else as 107. */
	LINUX_6_12 = COLUMNS,
	COLUMN_NAMES
};

extern const char *const column_names[COLUMN_NAMES];

enum relation {
	AS_BEFORE = 0, /* as the column to the left */
	EXACT,	       /* this error and value */
	ANY,	       /* no error, any value */
	FREE,	       /* no error, the index of a programmable counter */
	NEXT,	       /* no error, VALUE and one more at each repetition */
	COUNTED,       /* no error, at least VALUE, and not much more */
	BELOW,	       /* no error, unsigned below VALUE */
	KEPT,	       /* no error, the value kept as number VALUE */
	ABOVE,	       /* no error, above the value kept as number VALUE */
	TWICE,	       /* no error, twice the value kept as number VALUE */
	INFO,	       /* no error, counter_info of a hardware counter with this CSR */
	TRAPS,	       /* an illegal instruction */
};

struct outcome {
	enum relation relation;
	int error;
	uint64_t value; /* may be a symbol */
};

/* ---- steps ---- */

enum op {
	OP_END,
	/* calls, with their arguments a0 to a4 */
	OP_NC,
	OP_GI,
	OP_CFG,
	OP_ST,
	OP_SP,
	OP_FR,
	OP_FRH,
	OP_SHM,
	OP_EI,
	OP_CALL, /* FID, then a0 to a3 */
	/* the hart */
	OP_RD,	    /* read of CSR 0xC00 + n */
	OP_URD,	    /* the same in user mode, with scounteren as the second argument */
	OP_TM,	    /* a set_timer call */
	OP_SF,	    /* a remote_sfence_vma_asid call, of a page, to itself */
	OP_WORK,    /* so many instructions */
	OP_HART,    /* stopped and started again */
	OP_ENABLE,  /* LCOFI in sie */
	OP_TAKEN,   /* value: LCOFIs taken since OP_ENABLE, which masks each */
	OP_PENDING, /* value: sip.LCOFIP */
	OP_CLEAR,   /* sip.LCOFIP */
	/* the page P, by words of 8 bytes */
	OP_POKE,
	OP_PEEK,
	OP_FILL,   /* each word with its own pattern */
	OP_BLANK,  /* value: 0 when all words are 0, 1 when all hold the pattern, else 2 */
	OP_UNPLUG, /* RAM is taken away */
	OPS,
};

extern const char *const op_names[OPS];

#define STEP_ARGS 5
struct step {
	enum op op;
	uint64_t args[STEP_ARGS]; /* may be symbols */
	struct outcome outcomes[COLUMNS];
	uint64_t times;	   /* 0 is once; may be a symbol; OP_GI then counts its argument up */
	unsigned int keep; /* number under which the value is kept, from 1 */
};

/*
 * Symbols are numbers that are known when the machine is: small differences of them are symbols,
 * too, so that tables can say N - 1 and P + 8.
 */
#define SYMBOL(n) (0x5EED000080000000ull + ((uint64_t)(n) << 32))
enum symbol {
	SYMBOL_N,
	SYMBOL_F0,
	SYMBOL_ALL,
	SYMBOL_ALL_AND_TIME,
	SYMBOL_BIT_F0,
	SYMBOL_PAST_N, /* 64 - N */
	SYMBOL_P,
	SYMBOL_LAST_PAGE,
	SYMBOL_HOLE,
	SYMBOL_READ_ONLY,
	SYMBOL_WIDE,
	SYMBOLS,
};
/* Instructions of OP_WORK, and how much more than what is due COUNTED takes. */
#define WORK  100000ull
#define SLACK 50000ull

/* ---- scenarios ---- */

enum needs {
	NEEDS_COUNTS = 1 << 0,	 /* hardware counters count */
	NEEDS_OVERFLOW = 1 << 1, /* LCOFI arrives */
	NEEDS_REARM = 1 << 2,	 /* and so it does a second time */
	NEEDS_READ_ONLY = 1 << 3,
	NEEDS_UNPLUG = 1 << 4,
	NEEDS_PLATFORM = 1 << 5, /* platform event 1 can be counted */
	/* Reads of a CSR reach the hypervisor though the host has no such counter. */
	NEEDS_ALL_CSRS = 1 << 6,
	/* A fresh PMU has no page, though "best" remembers one. */
	NEEDS_NO_PAGE = 1 << 7,
	NEEDS_RAW = 1 << 8, /* raw events are taken */
	/* The raw event UNCOUNTED is one that the host opens, and no counter of its hardware
	   counts. */
	NEEDS_UNCOUNTED = 1 << 9,
};

/* A kernel's own PMU must never be given this: its host's memory is at stake. */
enum deadly { NOT_FOR_6_12 = 1 << LINUX_6_12_107, NOT_FOR_7_2 = 1 << LINUX_7_2 };

/* From which version on 6.12 is as 7.2. */
enum mended { NOT_IN_6_12, IN_6_12_113 };

#define MAX_STEPS 32
struct scenario {
	unsigned int number; /* in the reference document, section 8; from 100: ours */
	const char *name;
	unsigned int needs, deadly;
	struct step steps[MAX_STEPS];
	enum mended mended;
};

extern const struct scenario scenarios[];
extern const unsigned int scenario_count;

/* ---- the machine under test ---- */

struct answer {
	int64_t error;
	uint64_t value;
};

struct machine_under_test {
	void *opaque;
	enum column column;
	bool kernel;	  /* the PMU is a kernel's own: deadly scenarios are skipped */
	bool unknown;	  /* and of none that was read: so is what is deadly to any */
	unsigned int can; /* NEEDS_ that are met */
	/* P is two pages in a row. */
	uint64_t page, last_page, hole, read_only;

	struct answer (*call)(void *opaque, uint64_t fid, const uint64_t args[STEP_ARGS]);
	bool (*read_csr)(void *opaque, unsigned int csr, uint64_t *value); /* false: trapped */
	bool (*user_read_csr)(void *opaque, unsigned int csr, uint64_t scounteren, uint64_t *value);
	void (*set_timer)(void *opaque);
	void (*sfence)(void *opaque);
	void (*work)(void *opaque, uint64_t instructions);
	void (*restart_hart)(void *opaque);
	void (*enable_lcofi)(void *opaque);
	unsigned int (*lcofis_taken)(void *opaque);
	bool (*lcofi_pending)(void *opaque);
	void (*clear_lcofi)(void *opaque);
	uint64_t (*peek)(void *opaque, unsigned int word);
	void (*poke)(void *opaque, unsigned int word, uint64_t value);
	void (*unplug)(void *opaque); /* may be NULL */
	/* Everything as on a new vCPU; RAM is there and P is zeros. */
	void (*fresh)(void *opaque);
};

#define PAGE_WORDS 512u

enum verdict { PASSED, DIFFERED, SKIPPED };

struct report {
	enum verdict verdict;
	const char *why; /* of a skip, or of a difference */
	/* of a difference */
	unsigned int step, repetition;
	bool trapped;
	struct answer got;
	struct outcome expected; /* its value resolved */
};

struct report scenario_run(const struct machine_under_test *machine,
			   const struct scenario *scenario);

/* What symbols are on this machine; called by scenario_run(), too. */
struct symbols {
	uint64_t values[SYMBOLS];
};
struct symbols symbols_find(const struct machine_under_test *machine);
uint64_t symbol_value(const struct symbols *symbols, uint64_t term);

#endif
