/* SPDX-License-Identifier: Apache-2.0 */
/* All lives of a machine: a guest that resets starts again. */
#ifndef VHART_LIVES_H
#define VHART_LIVES_H

#include <stdbool.h>

struct boot_files;
struct config;
struct console_ends;
struct machine_watcher;
struct run_account;

/* What CONFIG names. False after error(). */
bool boot_files_load(const struct config *config, struct boot_files *files);
/* Whatever was loaded. */
void boot_files_close(struct boot_files *files);

/*
 * machine_run() with the FILES that were loaded, until it is over for good; WATCHER (NULL: nobody)
 * hears of each life. Gives the exit status of `vhart run`.
 */
int lives_run(const struct config *config, struct boot_files *files,
	      const struct console_ends *ends, const struct machine_watcher *watcher,
	      struct run_account *account);

#endif
