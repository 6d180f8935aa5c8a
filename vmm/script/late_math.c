/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/late_math.h"

#include <math.h>
#include <stddef.h>

#include "base/library.h"
#include "base/log.h"

struct functions {
	double (*acos)(double), (*asin)(double), (*ceil)(double), (*cos)(double), (*cosh)(double),
		(*exp)(double), (*floor)(double), (*log)(double), (*log10)(double), (*log2)(double),
		(*sin)(double), (*sinh)(double), (*sqrt)(double), (*tan)(double), (*tanh)(double);
	double (*atan2)(double, double), (*fmod)(double, double), (*pow)(double, double);
};

/* The exception to the rule that there is no state at file scope: <math.h> has no argument for it.
 * Written once, before a script runs. */
static struct functions libm;

#define ROW(name) {#name, offsetof(struct functions, name)}

static const struct library_function rows[] = {
	ROW(acos),  ROW(asin), ROW(ceil), ROW(cos),   ROW(cosh),  ROW(exp),
	ROW(floor), ROW(log),  ROW(log2), ROW(log10), ROW(sin),	  ROW(sinh),
	ROW(sqrt),  ROW(tan),  ROW(tanh), ROW(pow),   ROW(atan2), ROW(fmod),
};

static const struct library library = {"libm.so.6", "libc6", rows, sizeof(rows) / sizeof(rows[0])};

bool late_math_load(void)
{
	char why[LIBRARY_MESSAGE_MAX];

	if (library_load(&library, &libm, why))
		return true;
	error("no mathematics for Lua: %s", why);
	return false;
}

/* Hidden: no other library takes these for its own. */
#define OF_ONE(name)                                                                               \
	__attribute__((visibility("hidden"))) double name(double x)                                \
	{                                                                                          \
		return libm.name(x);                                                               \
	}
#define OF_TWO(name)                                                                               \
	__attribute__((visibility("hidden"))) double name(double x, double y)                      \
	{                                                                                          \
		return libm.name(x, y);                                                            \
	}

OF_ONE(acos)
OF_ONE(asin)
OF_ONE(ceil)
OF_ONE(cos)
OF_ONE(cosh)
OF_ONE(exp)
OF_ONE(floor)
OF_ONE(log)
OF_ONE(log10)
OF_ONE(log2)
OF_ONE(sin)
OF_ONE(sinh)
OF_ONE(sqrt)
OF_ONE(tan)
OF_ONE(tanh)
OF_TWO(atan2)
OF_TWO(fmod)
OF_TWO(pow)
