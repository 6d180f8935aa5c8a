/* SPDX-License-Identifier: Apache-2.0 */
/* What the process finds when it starts, made fit for all commands. */
#ifndef VHART_SURROUNDINGS_H
#define VHART_SURROUNDINGS_H

#include <stdbool.h>

/*
 * Before anything is opened. Standard descriptors that are closed become /dev/null: the next file
 * that is opened would take their number, and a guest's console would be written into its disk. A
 * write beyond ulimit -f fails from now on (EFBIG) instead of killing. False after error().
 */
bool surroundings_settle(void);

#endif
