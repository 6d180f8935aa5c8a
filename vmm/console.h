/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the guest's characters to standard output, standard input to the guest. Never
 * blocks: what a slow reader does not take waits in a ring, and then the guest is told "no room".
 * Guests write single characters; short pieces are collected in the ring too, until a line ends or
 * a millisecond has passed, so that a character does not cost a system call or two.
 * On a terminal, input is raw and Ctrl-A is the escape key (terminal.h). Under the machine's lock.
 */
#ifndef VHART_CONSOLE_H
#define VHART_CONSOLE_H

#include "vmm/machine.h"
#include "vmm/panic_text.h"

#define CONSOLE_RING  65536u
#define CONSOLE_INPUT 4096u

struct console {
	struct machine *machine; /* for END_QUIT and END_HOST */
	struct loop *loop;
	int in, out;
	bool may_block; /* OUT is a pipe, socket or terminal: ask before each write */
	bool in_open;	/* no end of input seen yet */
	bool in_watched;
	bool out_watched;
	bool escapes;		 /* IN is a terminal */
	bool escape_seen;	 /* Ctrl-A was the last key */
	bool out_broken;	 /* the reader went away */
	struct panic_text panic; /* the guest said that it panicked */
	struct loop_watch in_watch, out_watch;
	struct loop_timer flush;       /* for what was collected */
	struct console_device *device; /* NULL: nobody listens yet */

	uint8_t ring[CONSOLE_RING]; /* output not yet written */
	size_t ring_start, ring_len;
	uint8_t input[CONSOLE_INPUT]; /* input not yet read */
	size_t input_start, input_len;
};

/* ESCAPES: treat Ctrl-A as the escape key. */
void console_init(struct console *console, struct machine *machine, struct loop *loop, int in,
		  int out, bool escapes);
/* These three are machine_console_*() of machine.h. */
void console_attach(struct console *console, struct console_device *device);
size_t console_write(struct console *console, const void *bytes, size_t len);
size_t console_read(struct console *console, void *bytes, size_t len);
/* Tries for at most a second to write what is left in the ring. */
void console_finish(struct console *console);

#endif
