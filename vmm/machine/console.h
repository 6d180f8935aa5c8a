/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the guest's characters to standard output, standard input to the guest. Never
 * blocks: what a slow reader does not take waits with the writer, and then the guest is told "no
 * room". Guests write single characters; short pieces are collected too, until a line ends or a
 * millisecond has passed, so that a character does not cost a system call or two.
 * On a terminal, input is raw and Ctrl-A is the escape key (terminal.h). Under the machine's lock.
 */
#ifndef VHART_CONSOLE_H
#define VHART_CONSOLE_H

#include "base/machine.h"
#include "vmm/machine/panic_text.h"

#define CONSOLE_ROOM  65536u /* of the writer that console_init() is given */
#define CONSOLE_INPUT 4096u

struct console_log;
struct reader;
struct serials;
struct writer;

/* Where the console's bytes come from and go to: the process's, for all lives of a machine. */
struct console_ends {
	struct reader *in; /* NULL: there is no input */
	struct writer *out;
	struct console_log *log; /* has what OUT was given, too; NULL: there is none */
	struct serials *serials; /* further serial ports (vmm/run/serial.h); NULL: there are none */
	bool escapes;		 /* IN is a terminal whose Ctrl-A is the escape key */
	/* Hears what OUT was given, too. NULL: nobody does. */
	void (*heard)(void *opaque, const void *bytes, size_t len);
	void *opaque; /* of heard() */
};

enum console_end {
	CONSOLE_QUIT,	/* the user typed Ctrl-A x */
	CONSOLE_FAILED, /* standard output takes nothing any more: error() said why */
};

/* Whoever has a console hears of these on the loop's thread. */
struct console_owner {
	void (*ended)(void *opaque, enum console_end end);
	void (*room)(void *opaque); /* there is room for output again */
	void *opaque;
};

struct console {
	struct console_owner owner;
	struct loop *loop;
	struct console_ends ends;
	bool in_open; /* no end of input seen yet */
	bool in_watched;
	uint16_t columns, rows;	 /* of the terminal; 0: there is none, or it does not say */
	bool escape_seen;	 /* Ctrl-A was the last key */
	bool line_seen;		 /* the guest has written one */
	struct panic_text panic; /* the guest said that it panicked */
	struct loop_watch in_watch, out_watch, log_watch;
	struct loop_timer flush;       /* for what was collected */
	struct loop_task tell_input;   /* to the device: not while the machine is paused */
	struct console_device *device; /* NULL: nobody listens yet */

	uint8_t input[CONSOLE_INPUT]; /* input not yet read */
	size_t input_start, input_len;
};

void console_init(struct console *console, const struct console_owner *owner, struct loop *loop,
		  const struct console_ends *ends);
/* These four are machine_console_*() of machine.h. */
void console_attach(struct console *console, struct console_device *device);
size_t console_write(struct console *console, const void *bytes, size_t len);
size_t console_read(struct console *console, void *bytes, size_t len);
bool console_size(struct console *console, uint16_t *columns, uint16_t *rows);
/* The terminal may have another size now. */
void console_resized(struct console *console);
/* LEN bytes as if they had been typed, without escapes; returns how many there was room for. */
size_t console_type(struct console *console, const void *bytes, size_t len);
/* Whether there is room for output. */
bool console_has_room(struct console *console);
/*
 * When the machine has ended: waits until what is left is written. HURRY: for a fifth of a second
 * at most, as somebody waits for the end; else as long as something goes out in each second, but
 * for ten at most. What is left then stays with the writer.
 */
void console_finish(struct console *console, bool hurry);

#endif
