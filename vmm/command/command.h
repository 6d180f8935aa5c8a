/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `vhart run ... -- CMD ARGS`: CMD runs in the guest between this process's standard input, output
 * and error, each on a port of its own (devices/ports.h), and gives it its exit status. In the
 * guest an init of ours does the work (init/); protocol.h is what the two say to each other.
 */
#ifndef VHART_COMMAND_H
#define VHART_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "base/machine.h"

struct config;
struct guest_command;
struct virtio_device;

/* ---- before the machine ---- */

/* Puts the init, and the words of CONFIG's command, in front of INITRD; with --root the modules of
 * KERNEL that it takes, too. False after error(). */
bool guest_command_into_initrd(const struct config *config, const struct blob *kernel,
			       struct blob *initrd);

/* Takes standard input, output and error for CONFIG's command, and files for --extract. NULL after
 * error(). */
struct guest_command *guest_command_new(const struct config *config);
/* Waits for what standard output and error have not taken yet, as console_finish() does. NULL is
 * fine. */
void guest_command_free(struct guest_command *command, bool hurry);

/* ---- with it, under its lock ---- */

/* The device of the ports. NULL after error(). */
struct virtio_device *guest_command_device(struct guest_command *command, struct machine *machine);
/* The machine goes away, and the device with it. */
void guest_command_unplug(struct guest_command *command);
/* What the guest wrote to its console: the end of it is kept. COMMAND is a struct guest_command. */
void guest_command_console(void *command, const void *bytes, size_t len);
/* The user pressed Ctrl-C. False: there is no CMD that it could reach, or it was pressed too often:
 * the machine is to end. */
bool guest_command_interrupt(struct guest_command *command);

/* ---- after it ---- */

/*
 * The exit status: CMD's, 128 and its number for a signal that ended it, 127 where CMD was not
 * found and 126 where it could not be run. When the machine ended before CMD (END, OTHERWISE
 * is the status that it has without a command) that one, but STATUS_GUEST_OTHER for a guest that
 * powered off. STATUS_NOT_EXTRACTED where CMD's is 0, and a file of --extract is missing.
 * STATUS_NOT_RUN where its output could not be written, but for want of a reader.
 */
int guest_command_status(const struct guest_command *command, enum machine_end end, int otherwise);
/* Says on standard error what the status does not, and shows the end of the console where CMD did
 * not come to its own. */
void guest_command_report(struct guest_command *command, enum machine_end end);

#endif
