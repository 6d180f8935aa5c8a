/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vhart and its init in the guest say to each other for `vhart run ... -- CMD`. No names but
 * these are shared: the init is a program of its own, without a C library (init/).
 */
#ifndef VHART_COMMAND_PROTOCOL_H
#define VHART_COMMAND_PROTOCOL_H

#include <stdint.h>

/* Two files in the root of the initrd; the init removes both. The second has CMD and its arguments,
 * each ended by a zero byte. */
#define COMMAND_INIT_PATH  "vhart-init"
#define COMMAND_WORDS_PATH "vhart-command"

/* The ports by number, and their names. */
enum command_port {
	COMMAND_CONTROL,
	COMMAND_STDIN,
	COMMAND_STDOUT,
	COMMAND_STDERR,
	COMMAND_PORTS,
};
#define COMMAND_PORT_NAMES {"vhart.control", "vhart.stdin", "vhart.stdout", "vhart.stderr"}

/* What goes through the control port, both ways; little-endian. */
struct command_message {
	uint32_t kind;
	uint32_t value;
};

enum command_kind {
	/* the guest's */
	COMMAND_STARTED = 1,   /* CMD runs: it can be sent signals */
	COMMAND_EXITED = 2,    /* VALUE is its exit status; all its output was written */
	COMMAND_SIGNALLED = 3, /* VALUE is the signal that ended it; likewise */
	COMMAND_NOT_RUN = 4,   /* VALUE is the errno of execve() */
	/* vhart's */
	COMMAND_SIGNAL = 5, /* VALUE is a signal for CMD and all that it started */
};

#endif
