/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit statuses, and what becomes of what a guest says about its own end in them. Pure.
 *
 * A guest says it by the reason of its system reset (SBI 3.0, chapter 10), or by the status
 * register of the test finisher (devices/finisher.c).
 */
#ifndef VHART_EXIT_STATUS_H
#define VHART_EXIT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/machine.h"
#include "base/sbi_spec.h"

/* Exit statuses of vhart; the manual page has the same table. */
enum exit_status {
	STATUS_OK = 0,		    /* the guest powered off */
	STATUS_HOST = 1,	    /* the host failed us; `vhart run` says STATUS_NOT_RUN */
	STATUS_REGRESSED = 1,	    /* `vhart diff` alone, whose failures are all 2, as diff(1)'s */
	STATUS_USAGE = 2,	    /* bad option or input file; likewise */
	STATUS_RESET = 3,	    /* the guest reset, with --on-reboot exit */
	STATUS_PANIC = 4,	    /* the guest said that it failed, or its watchdog does */
	STATUS_VCPU = 5,	    /* KVM could not run a vCPU any more */
	STATUS_FOUND = 121,	    /* ended with 0, and `vhart stat --fail-on` found something */
	STATUS_NOT_EXTRACTED = 122, /* CMD ended with 0, and a file of --extract is missing */
	/* A guest's own status that means something else here: as xargs(1) has it. */
	STATUS_GUEST_OTHER = 123,
	STATUS_TIMEOUT = 124, /* --timeout */
	/* vhart itself failed: as env(1) and timeout(1) say it, and git bisect skips it. */
	STATUS_NOT_RUN = 125,
	STATUS_QUIT = 130, /* the user left with Ctrl-A x; a signal N gives 128 + N */
};

/* From here on reasons of a system reset are the vendor's: ours are SRST_STATUS plus a status. */
#define SRST_STATUS 0xe0000000u

/* What a guest said at its end. All zero: nothing. */
struct guest_end {
	bool reset; /* it ended by a system reset: */
	uint32_t type, reason;
	bool has_status;
	uint32_t status;
};

/* Whether the guest may live again after this end of its own. */
bool machine_end_is_reset(enum machine_end end);

/*
 * How a system reset ends the machine. A reason that is reserved counts as a failure: what it means
 * is not known here, and a test must not pass by it.
 */
enum machine_end srst_end(uint32_t type, uint32_t reason);

/* Whether REASON is a status of the guest's; STATUS then has it. */
bool srst_status(uint32_t reason, uint32_t *status);

/* "shutdown", "cold-reboot", "warm-reboot"; "unknown" of others. */
const char *srst_type_name(uint32_t type);
/* "none", "system-failure", "vendor" or "reserved". */
const char *srst_reason_name(uint32_t reason);

/*
 * The exit status of a machine that powered off after its guest said STATUS: STATUS itself, but
 * STATUS_GUEST_OTHER for those that mean something else here (3 to 5, 124 and up).
 */
int exit_status_of_guest(uint32_t status);

#endif
