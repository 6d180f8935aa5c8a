/* SPDX-License-Identifier: Apache-2.0 */
/* A machine, from nothing to where its vCPUs can run. */
#ifndef VHART_BRING_UP_H
#define VHART_BRING_UP_H

#include <stdbool.h>

struct boot_files;
struct config;
struct console_ends;
struct machine;
struct run_account;

/* One without anything in it, for take_down.h. NULL after error(). */
struct machine *machine_new(const struct config *config);

/* False after error(); what is there by then is machine_free()'s. */
bool machine_bring_up(struct machine *machine, const struct boot_files *files,
		      const struct console_ends *ends, const struct run_account *account);

#endif
