/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler calls for __builtin_ctzll() and __builtin_clzll() where the ISA has no Zbb. */
#include <stdint.h>

int __ctzdi2(uint64_t bits);
int __clzdi2(uint64_t bits);

int __ctzdi2(uint64_t bits)
{
	int count = 0;

	for (; !(bits & 1); bits >>= 1)
		count++;
	return count;
}

int __clzdi2(uint64_t bits)
{
	int count = 0;

	for (; !(bits >> 63); bits <<= 1)
		count++;
	return count;
}
