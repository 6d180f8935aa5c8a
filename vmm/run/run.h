/* SPDX-License-Identifier: Apache-2.0 */
/* One life of a machine, from power-on to its end, and the account of it. */
#ifndef VHART_RUN_H
#define VHART_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/exit_status.h"
#include "base/machine.h"
#include "trace/exits/exit_log.h"
#include "vmm/config.h"
#include "vmm/kvm/kvm_stats.h"
#include "vmm/machine/vcpu.h"

struct boot_files;
struct console_ends;
struct machine_watcher;
struct service;

/* What is worth telling afterwards; sums over all lives of one `vhart run`. */
struct run_account {
	enum machine_end end;
	int signal_number;	  /* with END_SIGNAL */
	bool asked_off;		  /* the last life, by SIGTERM, to power off */
	struct guest_end said;	  /* of the last life */
	struct hart_where *harts; /* where they were at an end that was not asked for; malloc */
	unsigned int hart_count;
	const char *cause;	 /* of END_PANIC, where vhart found it: "endless-trap"; else NULL */
	unsigned int boots;	 /* 1 and up */
	uint64_t first_start_ns; /* CLOCK_MONOTONIC of the first power-on; 0: not yet */
	uint64_t started_ns;	 /* CLOCK_REALTIME of the first power-on */
	uint64_t setup_ns;	 /* from the start of vhart to the first KVM_RUN, first life */
	uint64_t run_ns;	 /* vCPUs running */
	struct exit_causes exits;
	struct kvm_stats kvm; /* what KVM counted, handled in the kernel or not */
	uint64_t sbi_answered, sbi_unclaimed;
	uint64_t guest_errors;
	unsigned int access_faults;	     /* see fault_pace.h */
	struct exit_log log;		     /* the same and more, for who watches meanwhile */
	uint64_t life_ns;		     /* how long the last life was */
	bool spoke;			     /* whether it brought a line to the console */
	unsigned int silent_resets;	     /* short lives without, one behind the other */
	const struct guest_command *command; /* -- CMD; NULL: none */
	struct service *service;	     /* who waits for it to run; NULL: nobody */
	bool bad_input; /* it never ran because of what the user gave, not because of the host */
};

/*
 * Builds the machine from FILES, which it empties, runs it until it ends, takes everything down
 * again and adds to ACCOUNT. False: it never ran (error() said why, or --dump-fdt asked for no
 * more). WATCHER (NULL: nobody) hears of it, and of its end.
 */
bool machine_run(const struct config *config, struct boot_files *files,
		 const struct console_ends *ends, const struct machine_watcher *watcher,
		 struct run_account *account);

/* "poweroff": the word of the JSON result. */
const char *machine_end_name(enum machine_end end);
/* The exit status of the whole program (the manual page's table). */
int machine_end_status(const struct run_account *account);

/*
 * Opens --result (NULL: there is none), before anything else is done for the run: what cannot be
 * written is to be known then, and the result of a run before must not be taken for this one's.
 * NULL after error().
 */
FILE *result_open(const char *path);
/* Writes it and closes TO. False after error(). */
bool result_write(FILE *to, const struct config *config, const struct run_account *account);

#endif
