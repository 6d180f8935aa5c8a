/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a frame (virtio 1.x, section 5.1.6): which checksum is left to do, and into which
 * segments the frame is to be cut. Pure. What a guest wrote goes on only after it was checked.
 */
#ifndef VHART_NET_HEADER_H
#define VHART_NET_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_HEADER_LEN 12u

struct net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len; /* from here on little-endian */
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t num_buffers;
};
_Static_assert(sizeof(struct net_header) == NET_HEADER_LEN, "as the standard lays it out");

/* Feature bits of section 5.1.3: HOST_ is what the guest may send, GUEST_ what it takes. */
#define NET_F_CSUM	 0u
#define NET_F_GUEST_CSUM 1u
#define NET_F_GUEST_TSO4 7u
#define NET_F_GUEST_TSO6 8u
#define NET_F_GUEST_ECN	 9u
#define NET_F_GUEST_UFO	 10u
#define NET_F_HOST_TSO4	 11u
#define NET_F_HOST_TSO6	 12u
#define NET_F_HOST_ECN	 13u
#define NET_F_HOST_UFO	 14u
#define NET_F_GUEST_USO4 54u
#define NET_F_GUEST_USO6 55u
#define NET_F_HOST_USO	 56u

#define NET_HEADER_NEEDS_CSUM 1u

#define NET_GSO_NONE   0u
#define NET_GSO_TCPV4  1u
#define NET_GSO_UDP    3u
#define NET_GSO_TCPV6  4u
#define NET_GSO_UDP_L4 5u
#define NET_GSO_ECN    0x80u

/*
 * HEADER of a frame of LEN bytes, from a guest with these FEATURES. NULL: it is fine, and what in
 * it has no meaning was cleared. Else what is wrong with it: a constant that goes on from "a
 * frame ".
 */
const char *net_header_check(struct net_header *header, uint64_t features, size_t len);

/* Whether a guest with these FEATURES can take a frame with HEADER, which the host made. */
bool net_header_fits(const struct net_header *header, uint64_t features);

#endif
