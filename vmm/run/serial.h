/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial ports beside the console (--serial). The host's ends of their wires stay the same over all
 * lives of a machine; each life has UARTs of its own. Nothing here waits, and no hart waits for it
 * (but for SERIAL_STDIO, which is the machine's console as far as this goes):
 *
 * - Where nobody is at the end of a wire, what the guest writes is gone.
 * - An end that takes no more makes the UART's transmitter busy, so that a driver waits as it would
 *   for a slow line. One that takes nothing for a second is taken for one that does not read, and
 *   what is written meanwhile is lost, and counted, until it does.
 */
#ifndef VHART_SERIAL_H
#define VHART_SERIAL_H

#include <stdbool.h>

struct config;
struct machine;
struct serials;

/* Opens the files, terminals and sockets, and says the names of the terminals. NULL after error().
 * CONFIG outlives it. */
struct serials *serials_open(const struct config *config);
/* After the last life: writes what is left, as console_log_close() does, and says what was lost.
 * NULL is fine, here and below. */
void serials_close(struct serials *serials, bool hurry);

/* The UARTs of one life, with the machine's lock. False after error(). */
bool serials_plug(struct serials *serials, struct machine *machine);
void serials_unplug(struct serials *serials);

#endif
