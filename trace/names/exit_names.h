/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of exit_rows.h are called, in tables, JSON and documentation. */
#ifndef VHART_EXIT_NAMES_H
#define VHART_EXIT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exits_map.h"

struct exit_name {
	const char *reason; /* what kvm_exit says */
	const char *sub;    /* what it was about; "" where there is nothing to tell */
};

struct exit_name exit_name(uint32_t row);

/* "sbi time.set_timer", "irq s_timer". OUT is always ended; gives OUT. */
const char *exit_row_text(uint32_t row, char *out, size_t size);

/* "guest", "kernel", ... */
const char *vcpu_state_name(enum vcpu_state state);

/* "sip", ...: the way of a VMM (enum lcofi_by). */
const char *exit_lcofi_way(uint64_t by);

/* The name of a CSR in the privileged and unprivileged specs, or NULL. */
const char *csr_name(uint32_t csr);

#endif
