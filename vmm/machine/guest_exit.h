/* SPDX-License-Identifier: Apache-2.0 */
/* An exit of a guest that this process answers, as it is before it is handled: for who watches. */
#ifndef VHART_GUEST_EXIT_H
#define VHART_GUEST_EXIT_H

#include <stdbool.h>
#include <stdint.h>

struct sbi_call;

enum guest_exit_kind {
	GUEST_EXIT_MMIO,
	GUEST_EXIT_CSR,
	GUEST_EXIT_SBI,
};

struct guest_exit {
	enum guest_exit_kind kind;
	unsigned int hart;
	uint64_t number; /* MMIO: guest-physical address; CSR: its number; SBI: the EID */
	/* MMIO and CSR: */
	bool write;
	uint64_t value; /* that is written; else 0 */
	/* MMIO: bytes. */
	unsigned int length;
	/* CSR: which bits of VALUE are written (of csrrs and csrrc not all). */
	uint64_t mask;
	/* SBI: the call as the guest made it; else NULL. Valid during the call of the watcher. */
	const struct sbi_call *call;
};

#endif
