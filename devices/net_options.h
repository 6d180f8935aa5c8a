/* SPDX-License-Identifier: Apache-2.0 */
/* What a network card may be asked for; part of the room's contract (devices.h). */
#ifndef VHART_NET_OPTIONS_H
#define VHART_NET_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define NET_MTU_LEAST 1280u  /* IPv6 needs that */
#define NET_MTU_MOST  65521u /* libslirp takes no more */
/* Where the guest's connections end in libslirp or passt, no other network has a say; this is what
 * passt tells by itself. */
#define NET_MTU_USER 65520u

#define NET_PAIRS_MOST 8u /* of queues: one to receive and one to transmit each */

/* Who moves the packets of a tap interface: the host's kernel if it can, always, or never. */
enum net_vhost { NET_VHOST_AUTO, NET_VHOST_ON, NET_VHOST_OFF };

struct net_options {
	uint8_t mac[6];	  /* no two on one network may be alike */
	unsigned int mtu; /* that the guest is told; 0: none */
	/* Of queues, where what is behind the card can so many; 0: one. */
	unsigned int pairs;
	bool pairs_asked; /* for just so many: without them there is no card */
};

/* What comes to a port of the host goes to one of the guest. */
struct net_forward {
	bool udp;
	struct in_addr host, guest;
	uint16_t host_port, guest_port; /* in the CPU's order */
};

/* The networks of libslirp: 10.0.SUBNET.0/24, and fec0:0:0:N::/64, where N counts from the least
 * SUBNET on. The host is 2 in each, the name server 3, and the guest gets 15. */
#define NET_USER_SUBNET 2u

struct net_user_options {
	struct net_options card;
	unsigned int subnet;
	const struct net_forward *forwards;
	unsigned int forward_count;
};

/* Of the network of that subnet. */
static inline struct in_addr net_user_address(unsigned int subnet, unsigned int number)
{
	return (struct in_addr){.s_addr = htonl(0x0a000000u | subnet << 8 | number)};
}

/* Locally administered, and the same for each CABLE of this name, so that a guest knows its card
 * again. */
void net_make_mac(uint8_t mac[6], const char *cable);

#endif
