/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exit costs on this host, apart from what is done for the guest at it: `vhart probe
 * --measure`. A scratch guest does the same thing over and over. With that, the KERNEL and VMM
 * columns of `vhart stat` can be read as so many exits at so much.
 */
#ifndef VHART_EXIT_COST_H
#define VHART_EXIT_COST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/*
 * What one exit and the way back into the guest take; medians, in tenths. 0 is not known either: a
 * counter that did not count, as one of two for the same event does not in QEMU.
 */
struct exit_cost {
	const char *id;	  /* stable, "kvm.call" */
	const char *name; /* for people */
	bool measured, counted;
	uint64_t ns; /* if measured: of the clock */
	uint64_t instructions,
		cycles; /* if counted: of the host, kernel and VMM, not the guest's */
	char why[128];	/* if not measured, or not counted; printable */
};

#define EXIT_COSTS 4u

/*
 * Measures all, about a second; COSTS has room for EXIT_COSTS. KVM_FD: of /dev/kvm, or -1, and then
 * nothing is measured and says why.
 */
void exit_costs_measure(int kvm_fd, struct exit_cost *costs);

/* ---- pure (exit_cost_report.c) ---- */

/* The median of COUNT values, more than none, which are left in order. */
uint64_t exit_cost_median(uint64_t *values, unsigned int count);
/*
 * What one of TRIPS took, in tenths, where MORE was the sum with them and LESS the one without; 0
 * where the noise was larger than they are.
 */
uint64_t exit_cost_each(uint64_t more, uint64_t less, unsigned int trips);
/* As a table, of lines of at most 80 columns. */
void exit_costs_text(const struct exit_cost *costs, FILE *to);
/* An array with an object for each; NULL: no memory. */
json_object *exit_costs_json(const struct exit_cost *costs);

#endif
