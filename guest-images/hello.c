/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest guest: says hello and powers off. */
#include "vhart-guest/guest.h"
#include "vhart-guest/print.h"

void main(uint64_t hart, const void *fdt)
{
	(void)fdt;
	print("hello from hart %lu\n", hart);
}
