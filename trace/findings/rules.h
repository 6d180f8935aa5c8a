/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd in one interval of one vCPU: a table of rules. Pure. */
#ifndef VHART_RULES_H
#define VHART_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"
#include "trace/findings/past.h"

/* Exits of one kind in the interval. */
struct row_counts {
	uint64_t count, ns, halted_ns;
};

/* An SBI call that failed each time. */
struct failed_call {
	uint32_t row;  /* 0: there is none */
	int64_t error; /* that it returned most often, MOST times */
	uint64_t most;
	struct row_counts counts;
};

/* What one vCPU did in the interval. */
struct vcpu_interval {
	uint64_t whole; /* ns: the sum of its states, not 0 */
	bool is_part;	/* it was not there for all of it, or the interval is a short one */
	uint64_t ns[VCPU_STATES];
	uint64_t exits;
	const struct row_counts *rows; /* EXIT_ROWS */
	uint64_t state;		       /* enum vcpu_state, now */
	bool sees_all;		       /* all exits were seen, the host's interrupts too */
	/* The device register that took the longest, consoles left out. */
	uint64_t device;
	struct row_counts device_counts; /* a count of 0: there is none, or it is not known */
	struct row_counts console;	 /* registers of consoles */
	uint64_t holes;			 /* addresses of no device, for the first time */
	uint64_t csrs;			 /* the same of CSRs that KVM was asked for */
	struct failed_call failed;	 /* the one that was made most often */
	/* Of the intervals before it. */
	const struct past *exit_rates;	 /* a second */
	const struct past *fault_shares; /* percent of the time, of faults in RAM */
	const struct past *resets;	 /* that it asked for */
	uint32_t vector_looks; /* a kernel's trap vector, new now, had been another for so many */
	const double *usual;   /* of each row, a second; NULL: it is not known */
	double vm_resets;      /* of its VM, the interval before included */
	/* Of the VM's other vCPUs that were started. */
	uint32_t siblings;
	double siblings_busy; /* percent of the time, on average */
};

/* What a rule saw. */
struct rule_seen {
	uint64_t count;	  /* exits that it is about; 0: it is about none */
	uint64_t cost_ns; /* of the interval */
	uint64_t device;  /* guest physical address; 0: none */
	uint32_t row;	  /* the one kind of exit that it is about; 0: there is none */
	int64_t error;	  /* that it returned; 0: none */
};

struct rule {
	const char *name;
	double threshold;   /* a value as high as this is odd */
	const char *unit;   /* of it: "% of the time" */
	uint32_t intervals; /* one after the other; fewer are no finding */
	bool adds_up; /* its values are counts: a look in the middle of what it is about halves
			 none, as the interval before is added where it was no finding */
	double (*value)(const struct vcpu_interval *interval, struct rule_seen *seen);
	const char *means; /* why it is odd */
	const char *help;  /* what to try */
};

#define RULES_MAX 24u /* room for a number for each */
extern const struct rule rules[];
extern const size_t rule_count;

/* The row NAME, LEN bytes; rule_count: there is none. */
size_t rule_find(const char *name, size_t len);
/* False: it finds that there is more of something, and not why. */
bool rule_names_cause(size_t rule);

/* Handling in the interval of the exits that the host's missing RAM made, in percent of it. */
double rule_fault_share(const struct vcpu_interval *interval, struct rule_seen *seen);
/* How often it asked for a reset of its VM. */
uint64_t rule_resets(const struct vcpu_interval *interval);
/* Whether FAILED calls of kind ROW are as good as all. */
bool rule_fails_always(const struct vcpu_interval *interval, uint32_t row, uint64_t failed);
/* Percent of the interval in which it worked, or would have. */
double rule_busy_share(const struct vcpu_interval *interval);

#endif
