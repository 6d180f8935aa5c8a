/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this room: each gets its own arguments (argv[0] is its name), gives an exit
 * status. */
#ifndef VHART_TRACE_COMMANDS_H
#define VHART_TRACE_COMMANDS_H

int command_stat(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_record(int argc, char **argv);
int command_report(int argc, char **argv);
int command_diff(int argc, char **argv);

#endif
