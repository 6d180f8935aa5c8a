/* SPDX-License-Identifier: Apache-2.0 */
#include "vhart-guest/check.h"

#include "vhart-guest/tap.h"

void check_holds(bool holds, const char *file, int line, const char *text)
{
	if (!holds)
		tap_bail_out("%s:%d: %s does not hold", file, line, text);
}

void check_same(uint64_t got, uint64_t wanted, const char *file, int line, const char *text)
{
	if (got != wanted)
		tap_bail_out("%s:%d: %s: 0x%lx (%ld), not 0x%lx (%ld)", file, line, text, got,
			     (int64_t)got, wanted, (int64_t)wanted);
}
