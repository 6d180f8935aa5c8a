/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECHO, vhart's own extension: its answers are a function of the hart and of all arguments, so that
 * a guest can test and time the ways in which calls reach this process. Also for guests: what they
 * expect is computed by the same function.
 *
 * EID 0x09564854 ("VHT") lies in the vendor range, which KVM hands over; 0x0A564846 ("VHF") in the
 * range for firmware, which KVM keeps to itself as it does the standard EIDs: it is there with
 * --sbi-echo.
 */
#ifndef VHART_ECHO_H
#define VHART_ECHO_H

#include <stdint.h>

#define ECHO_EID	   0x09564854ull
#define ECHO_EID_FORWARDED 0x0A564846ull

enum {
	ECHO_VALUE,    /* a0 = 0, a1 = echo_mix() */
	ECHO_BOTH,     /* a0 = ~echo_mix(), a1 = echo_mix() */
	ECHO_ERROR,    /* a0 = echo_mix(), a1 = 0 */
	ECHO_PASS,     /* forwarded only: KVM answers BASE, sbi_probe_extension(a1) */
	ECHO_FIRMWARE, /* a0 = 0, a1 = how often firmware event a0 was counted for the hart a1 */
	ECHO_PLATFORM, /* the same of platform event a0 */
};

static inline uint64_t echo_mix(uint64_t hart, const uint64_t args[6])
{
	uint64_t mixed = hart + 1;

	for (unsigned int i = 0; i < 6; i++)
		mixed = (mixed ^ args[i]) * 0x9e3779b97f4a7c15ull + (mixed >> 29);
	return mixed;
}

#endif
