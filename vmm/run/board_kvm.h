/* SPDX-License-Identifier: Apache-2.0 */
/* The board, as KVM says what its harts can do. */
#ifndef VHART_BOARD_KVM_H
#define VHART_BOARD_KVM_H

#include <stdbool.h>

struct board;
struct machine;

/* BOARD, as KVM's registers of the first vCPU say, and --cpu. ISA's strings are the caller's. */
struct board_isa {
	char isa[1024];
	const char *names[128];
	char mmu_type[16];
};
bool board_from_kvm(const struct machine *machine, struct board *board, struct board_isa *isa);

#endif
