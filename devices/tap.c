/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/net_header.h"

/* ---- offloads: what the guest and the host's kernel leave each other to do ---- */

#define TUN_F_USO (TUN_F_USO4 | TUN_F_USO6) /* the kernel wants both or none */

static const struct {
	unsigned int flag;	      /* the guest takes that, */
	unsigned int taken_by_guest;  /* by this feature, */
	unsigned int taken_by_kernel; /* and sends it by this one */
} offloads[] = {
	{TUN_F_CSUM, NET_F_GUEST_CSUM, NET_F_CSUM},
	{TUN_F_TSO4, NET_F_GUEST_TSO4, NET_F_HOST_TSO4},
	{TUN_F_TSO6, NET_F_GUEST_TSO6, NET_F_HOST_TSO6},
	{TUN_F_TSO_ECN, NET_F_GUEST_ECN, NET_F_HOST_ECN},
	{TUN_F_UFO, NET_F_GUEST_UFO, NET_F_HOST_UFO},
	{TUN_F_USO4, NET_F_GUEST_USO4, NET_F_HOST_USO},
	{TUN_F_USO6, NET_F_GUEST_USO6, NET_F_HOST_USO},
};

#define OFFLOADS (sizeof(offloads) / sizeof(offloads[0]))

/* The best that this kernel has; negative: not even none of them. */
static int find_offloads(int fd)
{
	static const unsigned int known[] = {
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_UFO | TUN_F_USO,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_UFO, /* before 6.2 */
		0,
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (ioctl(fd, TUNSETOFFLOAD, known[i]) == 0)
			return (int)known[i];
	return -1;
}

uint64_t tap_features(const struct tap *tap)
{
	uint64_t features = 0;

	for (size_t i = 0; i < OFFLOADS; i++)
		if (tap->offloads & offloads[i].flag)
			features |= 1ull << offloads[i].taken_by_guest |
				    1ull << offloads[i].taken_by_kernel;
	return features;
}

/* What the kernel may leave to a guest with these FEATURES. It refuses what makes no sense. */
static unsigned int offloads_for(uint64_t features)
{
	unsigned int flags = 0;

	for (size_t i = 0; i < OFFLOADS; i++)
		if (features >> offloads[i].taken_by_guest & 1)
			flags |= offloads[i].flag;
	if (!(flags & TUN_F_CSUM))
		return 0;
	if (!(flags & (TUN_F_TSO4 | TUN_F_TSO6)))
		flags &= ~(unsigned int)TUN_F_TSO_ECN;
	if ((flags & TUN_F_USO) != TUN_F_USO)
		flags &= ~(unsigned int)TUN_F_USO;
	return flags;
}

void tap_set_features(struct tap *tap, uint64_t features)
{
	const unsigned int flags = offloads_for(features);

	/* A frame that the interface has had from before, and the guest cannot take, is dropped.
	 * The call takes the lock of all the host's interfaces, so it is not made for nothing. */
	if (flags != tap->in_use &&
	    (ioctl(tap->fd, TUNSETOFFLOAD, flags) == 0 || ioctl(tap->fd, TUNSETOFFLOAD, 0) == 0))
		tap->in_use = flags;
}

/* ---- opening ---- */

static void attach_error(const char *ifname, int err)
{
	switch (err) {
	case EBUSY: error("tap interface %s: another process uses it", ifname); break;
	case EPERM:
		error("tap interface %s: belongs to another user: make one of your own with: "
		      "sudo ip tuntap add dev NAME mode tap user \"$USER\"",
		      ifname);
		break;
	case EINVAL:
		error("tap interface %s: is not a tap interface, or one with several queues",
		      ifname);
		break;
	default: error("tap interface %s: %s", ifname, strerror(err)); break;
	}
}

/* TUNSETIFF makes an interface that does not exist; a mistyped name must not leave one behind. */
static bool exists(const char *ifname)
{
	if (!*ifname || strlen(ifname) >= IFNAMSIZ) {
		error("tap interface '%s': a name has 1 to %d characters", ifname, IFNAMSIZ - 1);
		return false;
	}
	if (if_nametoindex(ifname))
		return true;
	error("tap interface %s: does not exist: make it with: sudo ip tuntap add dev %s mode tap "
	      "user \"$USER\" && sudo ip link set %s up",
	      ifname, ifname, ifname);
	return false;
}

bool tap_open(struct tap *tap, const char *ifname)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int header_len = NET_HEADER_LEN;
	int fd, found;

	if (!exists(ifname))
		return false;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		error("/dev/net/tun: %s: --net tap needs it (sudo modprobe tun)", strerror(errno));
		return false;
	}
	memcpy(request.ifr_name, ifname, strlen(ifname));
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header_len) ||
	    (found = find_offloads(fd)) < 0) {
		attach_error(ifname, errno);
		close(fd);
		return false;
	}
	*tap = (struct tap){
		.fd = fd, .offloads = (unsigned int)found, .in_use = (unsigned int)found};
	return true;
}

void tap_close(struct tap *tap)
{
	close(tap->fd);
}
