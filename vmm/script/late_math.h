/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's mathematics, for Lua, which is linked into the program: found and loaded when a
 * script runs, as that would make each start of `vhart run` 2 % longer. The functions of <math.h>
 * that Lua calls are defined here and go on to the library's.
 */
#ifndef VHART_LATE_MATH_H
#define VHART_LATE_MATH_H

#include <stdbool.h>

/* Before a script runs; once. False after error(). */
bool late_math_load(void);

#endif
