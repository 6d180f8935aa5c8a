/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/net_options.h"

void net_make_mac(uint8_t mac[6], const char *cable)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *cable; cable++)
		hash = (hash ^ (uint8_t)*cable) * 16777619u;
	mac[0] = 0x52;
	mac[1] = 0x54;
	mac[2] = 0x00;
	mac[3] = (uint8_t)(hash >> 16);
	mac[4] = (uint8_t)(hash >> 8);
	mac[5] = (uint8_t)hash;
}
