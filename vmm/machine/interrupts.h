/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts into the guest, for whoever brings the machine up; base/machine.h has the rest. */
#ifndef VHART_INTERRUPTS_H
#define VHART_INTERRUPTS_H

#include <stdbool.h>

struct machine;

/* Tells KVM all routes: those of the wired lines, and of the MSIs. 0 or -errno. */
int interrupts_commit_routes(struct machine *machine);
/* Wired LINE of KVM's AIA: for machine->set_line. */
void interrupts_set_line(struct machine *machine, unsigned int line, bool level);
/* The external interrupt of HART, for a PLIC; OPAQUE is the machine. */
void interrupts_set_external(void *opaque, unsigned int hart, bool level);

#endif
