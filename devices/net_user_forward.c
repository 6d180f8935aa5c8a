/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of the host that lead into the guest, by libslirp. */
#include "devices/net_user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"

/* What can be said better than strerror() does, and the way out. */
static const struct {
	int err;
	const char *words;
} reasons[] = {
	{EADDRINUSE, "the port is in use: take another one, or end what has it (ss -lntup)"},
	{EACCES, "only root may have this port: take one from 1024 on, or let users have it: "
		 "sudo sysctl net.ipv4.ip_unprivileged_port_start=NUMBER"},
	{EADDRNOTAVAIL, "this host does not have the address: take one that `ip addr` lists"},
};

static const char *reason(int err)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return reasons[i].words;
	return strerror(err);
}

bool net_user_forward(struct net_user *user, const struct net_user_options *options)
{
	for (unsigned int i = 0; i < options->forward_count; i++) {
		const struct net_forward *forward = &options->forwards[i];
		char address[INET_ADDRSTRLEN];

		errno = 0;
		if (user->functions.add_hostfwd(user->slirp, forward->udp, forward->host,
						forward->host_port, forward->guest,
						forward->guest_port) == 0)
			continue;
		inet_ntop(AF_INET, &forward->host, address, sizeof(address));
		error("%s: hostfwd=%s:%s:%u: %s", user->device->name, forward->udp ? "udp" : "tcp",
		      address, forward->host_port, reason(errno));
		return false;
	}
	/* It waits for them from now on. */
	net_user_turn(user);
	return true;
}
