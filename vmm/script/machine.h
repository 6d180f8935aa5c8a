/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine of a script, with all its lives on a thread of its own. It is the memory of an object
 * of Lua, which stays while it runs.
 */
#ifndef VHART_SCRIPT_MACHINE_H
#define VHART_SCRIPT_MACHINE_H

#include <pthread.h>
#include <stdbool.h>

#include "vmm/config.h"
#include "vmm/control/control.h"
#include "vmm/machine/console.h"
#include "vmm/run/boot.h"
#include "vmm/run/run.h"
#include "vmm/script/console_text.h"
#include "vmm/script/exits.h"
#include "vmm/script/sbi_override.h"
#include "vmm/script/words.h"

struct script;
struct server;

enum script_machine_state { MACHINE_MADE, MACHINE_RUNS, MACHINE_ENDED };

struct script_machine {
	struct script *script;
	struct script_machine *next; /* of those that were started and not yet taken down */
	int anchor;		     /* of Lua's registry, while it is among these */
	char *text;		     /* of the words; malloc */
	char *words[WORDS_MAX + 2];
	struct config config;
	char name[24];
	bool controlled; /* control and events are there */
	struct control control;
	struct events *events; /* what happened since the script looked last */
	struct server *server; /* NULL: none */
	struct script_override override;
	struct script_exits exits;
	struct machine_watcher watcher; /* ours, then control's */
	struct console_ends ends;
	int nowhere; /* what the console's writer writes to; -1 */
	struct boot_files files;
	struct run_account account;
	pthread_t thread;

	/* Under the script's wait_lock. */
	enum script_machine_state state;
	struct console_text console;
	int status; /* ENDED: the exit status of `vhart run` */
};

/* Reads the words, which are there, behind "run". False after error(). */
bool script_machine_init(struct script_machine *machine, struct script *script, int count,
			 unsigned int number);
/* Of one that does not run. */
void script_machine_free(struct script_machine *machine);

/* It hears of its exits from now on. At any time, under the script's lock. */
void script_machine_watch_exits(struct script_machine *machine);

/* What it boots from and its thread. Its override and its exits were begun. False after error(). */
bool script_machine_start(struct script_machine *machine, bool paused);
/* Ends it if it runs, and waits for its thread. Without the script's lock. */
void script_machine_join(struct script_machine *machine);

/* The guest's state, for the user, on standard error: of one that runs where its harts are. Without
 * the script's lock. */
void script_machine_report(struct script_machine *machine);

#endif
