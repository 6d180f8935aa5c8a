/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this room: each gets its own arguments (argv[0] is its name), gives an exit
 * status. */
#ifndef VHART_COMMANDS_H
#define VHART_COMMANDS_H

int command_run(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_script(int argc, char **argv);
int command_ctl(int argc, char **argv);
int command_list(int argc, char **argv);
int command_test(int argc, char **argv);
/* For shells: it is in no list. */
int command_complete(int argc, char **argv);

#endif
