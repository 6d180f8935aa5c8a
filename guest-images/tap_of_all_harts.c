/* SPDX-License-Identifier: Apache-2.0 */
/* Results that all harts write at the same time are whole lines, with numbers without gaps. */
#include "vhart-guest/guest.h"
#include "vhart-guest/hart.h"
#include "vhart-guest/tap.h"

#define EACH 20u

static uint64_t planned, done;

static void write_results(uint64_t hart)
{
	harts_await(&planned, 1);
	for (unsigned int i = 0; i < EACH; i++)
		tap_eq(hart_id(), hart, "result %u of hart %lu", i, hart);
	harts_count(&done);
}

static void other(uint64_t hart)
{
	write_results(hart);
	hart_stop();
}

void main(uint64_t hart, const void *fdt)
{
	uint64_t harts;

	(void)fdt;
	harts = harts_start(other);
	tap_plan((unsigned int)harts * EACH + 1);
	harts_count(&planned);
	write_results(hart);
	tap(harts_await(&done, harts), "all %lu harts wrote theirs", harts);
	tap_end();
}
