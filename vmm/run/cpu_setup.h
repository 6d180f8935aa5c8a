/* SPDX-License-Identifier: Apache-2.0 */
/* The ISA that --cpu asks for, at KVM. */
#ifndef VHART_CPU_SETUP_H
#define VHART_CPU_SETUP_H

#include <stdbool.h>

struct machine;

/*
 * Switches off what --cpu hides, where KVM can: an extension without a switch is only left out of
 * the FDT. All vCPUs exist, and none has run. False after error(): the host has not what --cpu
 * asks for.
 */
bool cpu_setup(struct machine *machine);

#endif
