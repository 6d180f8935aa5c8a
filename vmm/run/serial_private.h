/* SPDX-License-Identifier: Apache-2.0 */
/* A serial port from the inside: for serial.c, and serial_ends.c, which opens its end. */
#ifndef VHART_SERIAL_PRIVATE_H
#define VHART_SERIAL_PRIVATE_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/loop.h"
#include "base/output_file.h"
#include "vmm/config.h"

#define SERIAL_INPUT 4096u

struct serial {
	char name[24]; /* "serial1", as in messages and in the guest's devicetree */
	unsigned int number;
	const struct config_serial *config;
	int line;		 /* the terminal, or the client, not blocking; -1: there is none */
	int held;		 /* the terminal's other side, which keeps it from hanging up; -1 */
	int listener;		 /* of the socket; -1 */
	struct stat own;	 /* what is at its path */
	struct output_file file; /* without a writer: it is none */
	uint64_t lost;		 /* bytes that somebody was there for at the line */

	/* Of one life. */
	struct loop *loop; /* NULL: there is none now */
	struct uart *uart;
	struct loop_watch in, out, knock;
	bool in_on, out_on, knock_on;
	struct loop_timer patience; /* with an end that takes nothing */
	bool deaf;		    /* it was lost: what is not taken at once is lost, too */

	uint8_t input[SERIAL_INPUT]; /* not yet read by the guest */
	size_t input_start, input_len;
};

/* ---- serial_ends.c ---- */

/* Opens the end that its configuration asks for. False after error(). */
bool serial_end_open(struct serial *serial);
void serial_end_close(struct serial *serial, bool hurry);
/* The next client of the socket becomes the line. False: there is none now; *EXHAUSTED: there is,
 * but no descriptor for it. */
bool serial_end_accept(struct serial *serial, bool *exhausted);
/* What the end takes of LEN bytes now; 0: nothing. -1: it has gone away. */
ssize_t serial_end_write(struct serial *serial, const void *bytes, size_t len);

#endif
