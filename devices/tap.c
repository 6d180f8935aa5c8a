/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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
	if (flags != tap->in_use && (ioctl(tap->fds[0], TUNSETOFFLOAD, flags) == 0 ||
				     ioctl(tap->fds[0], TUNSETOFFLOAD, 0) == 0))
		tap->in_use = flags;
}

/* ---- queues ---- */

static bool set_queue(const struct tap *tap, unsigned int queue, short flag)
{
	struct ifreq request = {.ifr_flags = flag};

	return ioctl(tap->fds[queue], TUNSETQUEUE, &request) == 0;
}

/* The last one goes first, and comes last: one that leaves the middle would give its number to the
 * last. A queue that the kernel does not let go is the same as one that is attached. */
static void detach_down_to(struct tap *tap, unsigned int queues)
{
	while (tap->attached > queues && set_queue(tap, tap->attached - 1, IFF_DETACH_QUEUE))
		tap->attached--;
}

bool tap_attach(struct tap *tap, unsigned int queues)
{
	const unsigned int before = tap->attached;

	while (tap->attached < queues && set_queue(tap, tap->attached, IFF_ATTACH_QUEUE))
		tap->attached++;
	detach_down_to(tap, queues);
	if (tap->attached == queues)
		return true;
	detach_down_to(tap, before);
	return false;
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
	case EINVAL: error("tap interface %s: is not a tap interface", ifname); break;
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

/* Negative after error(). */
static int open_tun(void)
{
	const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		error("/dev/net/tun: %s: --net tap needs it (sudo modprobe tun)", strerror(errno));
	return fd;
}

/* FD becomes a queue of the interface. */
static bool join(int fd, const char *ifname, short more_flags)
{
	struct ifreq request = {.ifr_flags =
					(short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | more_flags)};

	memcpy(request.ifr_name, ifname, strlen(ifname));
	return ioctl(fd, TUNSETIFF, &request) == 0;
}

/* Whether a process has a queue of it, as far as an interface that is up tells. Of one with several
 * queues the kernel gives some to whoever asks, and two VMs would share the frames that come. */
static bool is_taken(const char *ifname)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {.ifr_data = (void *)&link};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool taken;

	memcpy(request.ifr_name, ifname, strlen(ifname));
	taken = fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0 && link.data;
	if (fd >= 0)
		close(fd);
	return taken;
}

/* Adds a queue. False after error(). */
static bool add_queue(struct tap *tap, const char *ifname, short more_flags)
{
	const int fd = open_tun();

	if (fd < 0)
		return false;
	if (!join(fd, ifname, more_flags)) {
		attach_error(ifname, errno);
		close(fd);
		return false;
	}
	tap->fds[tap->queues++] = fd;
	tap->attached = tap->queues;
	return true;
}

/* The kernel wants to be told for what the interface was made, and does not say it. */
static bool add_first(struct tap *tap, const char *ifname, bool *several)
{
	const bool taken = is_taken(ifname);
	const int fd = open_tun();

	if (fd < 0)
		return false;
	tap->fds[tap->queues++] = fd;
	tap->attached = 1;
	if (join(fd, ifname, 0))
		return true;
	*several = errno == EINVAL && join(fd, ifname, IFF_MULTI_QUEUE);
	if (*several && !taken)
		return true;
	attach_error(ifname, *several ? EBUSY : errno);
	return false;
}

/* For a card that could have more. */
static bool takes_one_queue(const char *ifname, const struct net_options *options)
{
	static const char way_out[] =
		"sudo ip tuntap add dev NAME mode tap multi_queue user \"$USER\"";

	if (options->pairs_asked) {
		error("tap interface %s: has one queue, and not queues=%u: make one that can have "
		      "them with: %s",
		      ifname, options->pairs, way_out);
		return false;
	}
	verbose("tap interface %s: has one queue: one a vCPU is for interfaces that are made with: "
		"%s",
		ifname, way_out);
	return true;
}

static bool open_queues(struct tap *tap, const char *ifname, const struct net_options *options)
{
	bool several = false;

	if (!add_first(tap, ifname, &several))
		return false;
	if (!several)
		return options->pairs <= 1 || takes_one_queue(ifname, options);
	while (tap->queues < options->pairs)
		if (!add_queue(tap, ifname, IFF_MULTI_QUEUE))
			return false;
	detach_down_to(tap, 1);
	return true;
}

static bool set_up(struct tap *tap, const char *ifname)
{
	int header_len = NET_HEADER_LEN;
	const int found = ioctl(tap->fds[0], TUNSETVNETHDRSZ, &header_len) == 0
				  ? find_offloads(tap->fds[0])
				  : -1;

	if (found < 0) {
		attach_error(ifname, errno);
		return false;
	}
	tap->offloads = tap->in_use = (unsigned int)found;
	return true;
}

bool tap_open(struct tap *tap, const char *ifname, const struct net_options *options)
{
	*tap = (struct tap){.queues = 0};
	if (exists(ifname) && open_queues(tap, ifname, options) && set_up(tap, ifname))
		return true;
	tap_close(tap);
	return false;
}

void tap_close(struct tap *tap)
{
	for (unsigned int i = 0; i < tap->queues; i++)
		close(tap->fds[i]);
	tap->queues = 0;
}
