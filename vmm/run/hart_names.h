/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the guest's functions, for what is said about its harts. */
#ifndef VHART_HART_NAMES_H
#define VHART_HART_NAMES_H

#include "trace/guest/symbols.h"
#include "vmm/config.h"
#include "vmm/machine/hart_state.h"

/*
 * Finds the names of the guest that CONFIG boots: those of its ELF file, or of the Linux that is in
 * the guest's memory, and puts them into the COUNT STATES. Where there are none the symbols stay
 * empty. Takes a while (it reads a whole kernel): not under the machine's lock.
 */
void hart_names_put(const struct config *config, struct hart_state *states, unsigned int count);

#endif
