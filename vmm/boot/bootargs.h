/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's command line, read as Linux reads it: next_arg() in its lib/cmdline.c, and
 * parse_args() in its kernel/params.c. Pure.
 */
#ifndef VHART_BOOTARGS_H
#define VHART_BOOTARGS_H

#include <stdbool.h>

#include "vmm/config.h"

/* Linux for riscv keeps 1024 bytes, a zero among them (COMMAND_LINE_SIZE in its
 * arch/riscv/include/uapi/asm/setup.h), and cuts off the rest without a word. */
#define BOOTARGS_MAX 1023u

/*
 * Whether TEXT gives the kernel the parameter NAME, with a value: "console" in "quiet
 * console=hvc0". What stands behind a "--" is for init.
 */
bool bootargs_give(const char *text, const char *name);

/* The parameter for CONSOLE that TEXT lacks, "console=ttyS0" for instance; "" when it needs none.
 */
const char *bootargs_console(const char *text, enum config_console console);

/* What a guest that runs a command (vmm/command/) needs in front: its init; no lines but errors, of
 * which vhart shows the last; and an end where the kernel panics. */
#define BOOTARGS_COMMAND "rdinit=/vhart-init quiet panic=-1"

/*
 * The whole command line for APPEND: the parameter for CONSOLE in front, where it needs one, and
 * those for a COMMAND. The caller frees it; NULL: no memory. It may be longer than BOOTARGS_MAX.
 */
char *bootargs_make(const char *append, enum config_console console, bool command);

#endif
