/* SPDX-License-Identifier: Apache-2.0 */
/* The table sbi of a script: what it answers and wraps, and the numbers of the specification. */
#ifndef VHART_SBI_LIBRARY_H
#define VHART_SBI_LIBRARY_H

#include <lua5.4/lua.h>

int script_sbi_library(lua_State *lua); /* for script_add_library() */

#endif
