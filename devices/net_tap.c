/* SPDX-License-Identifier: Apache-2.0 */
/* The network card's cable to a tap interface of the host, which the user made. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "devices/net.h"

#define TURN_FRAMES 64u

struct tap {
	struct machine *machine;
	struct virtio_device *device;
	int fd;
	bool watching;
	bool gone; /* the interface was deleted */
	struct loop_watch watch;
	unsigned int offloads; /* TUN_F_ bits that the kernel has, */
	unsigned int in_use;   /* and those for which it was last asked */
	size_t pending;	       /* bytes of PACKET that wait for buffers; 0: none */
	struct {
		struct net_header header;
		uint8_t frame[NET_MAX_FRAME];
	} packet;
};

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

static uint64_t tap_features(void *state)
{
	const struct tap *tap = state;
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

/* ---- frames ---- */

static void watch(struct tap *tap, bool on)
{
	struct loop *loop = machine_loop(tap->machine);

	if (on == tap->watching || (on && tap->gone))
		return;
	tap->watching = on;
	if (!on)
		loop_watch_remove(loop, &tap->watch);
	else if (loop_watch_add(loop, &tap->watch) < 0)
		tap->watching = false;
}

/* False: the guest has no buffers; the frame stays pending, the others in the kernel's queue. */
static bool deliver(struct tap *tap)
{
	if (net_receive(tap->device, &tap->packet.header, tap->packet.frame,
			tap->pending - NET_HEADER_LEN) == NET_FULL)
		return false;
	tap->pending = 0;
	return true;
}

static bool read_frame(struct tap *tap)
{
	ssize_t len = read(tap->fd, &tap->packet, sizeof(tap->packet));

	if (len <= (ssize_t)NET_HEADER_LEN)
		return false;
	tap->pending = (size_t)len;
	return true;
}

static void receive(struct tap *tap)
{
	bool room = !tap->pending || deliver(tap);

	for (unsigned int i = 0; room && i < TURN_FRAMES && read_frame(tap); i++)
		room = deliver(tap);
	net_flush(tap->device);
	watch(tap, room);
}

static void tap_ready(struct loop_watch *ready, short revents)
{
	struct tap *tap = ready->opaque;

	/* The interface was deleted under us: it is not coming back. */
	if (revents & (POLLERR | POLLHUP | POLLNVAL)) {
		warning("%s: the tap interface is gone", tap->device->name);
		tap->gone = true;
		watch(tap, false);
		return;
	}
	receive(tap);
}

static void tap_send(void *state, const struct net_header *header, const struct iovec *frame,
		     unsigned int count, size_t len)
{
	const struct tap *tap = state;
	struct iovec whole[VIRTQUEUE_MAX_SEGMENTS + 1];
	ssize_t written;

	(void)len;
	whole[0] =
		(struct iovec){.iov_base = (void *)(uintptr_t)header, .iov_len = sizeof(*header)};
	memcpy(whole + 1, frame, count * sizeof(*frame));
	written = writev(tap->fd, whole, (int)count + 1);
	/* Else the interface is down, or its queue full: a lost frame, as on any wire. */
	if (written < 0 && errno == EINVAL)
		machine_guest_error(tap->machine, tap->device->name,
				    "a frame that the host's kernel does not take");
}

static void tap_started(void *state, uint64_t features)
{
	struct tap *tap = state;
	const unsigned int flags = offloads_for(features);

	/* A frame that the interface has had from before, and the guest cannot take, is dropped.
	 * The call takes the lock of all the host's interfaces, so it is not made for nothing. */
	if (flags != tap->in_use &&
	    (ioctl(tap->fd, TUNSETOFFLOAD, flags) == 0 || ioctl(tap->fd, TUNSETOFFLOAD, 0) == 0))
		tap->in_use = flags;
	watch(tap, true);
}

static void tap_stopped(void *state)
{
	struct tap *tap = state;

	tap->pending = 0;
	watch(tap, false);
}

static void tap_has_buffers(void *state)
{
	receive(state);
}

static void tap_free(void *state)
{
	struct tap *tap = state;

	watch(tap, false);
	if (tap->fd >= 0)
		close(tap->fd);
	free(tap);
}

static const struct net_backend tap_backend = {
	.features = tap_features,
	.send = tap_send,
	.started = tap_started,
	.stopped = tap_stopped,
	.has_buffers = tap_has_buffers,
	.free = tap_free,
};

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

static int tap_open(const char *ifname, unsigned int *found)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int header_len = NET_HEADER_LEN;
	int fd, result;

	if (!exists(ifname))
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		error("/dev/net/tun: %s: --net tap needs it (sudo modprobe tun)", strerror(errno));
		return -1;
	}
	memcpy(request.ifr_name, ifname, strlen(ifname));
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header_len) ||
	    (result = find_offloads(fd)) < 0) {
		attach_error(ifname, errno);
		close(fd);
		return -1;
	}
	*found = (unsigned int)result;
	return fd;
}

struct virtio_device *virtio_net_tap_new(struct machine *machine, const char *name,
					 const struct net_options *options, const char *ifname)
{
	unsigned int found;
	int fd = tap_open(ifname, &found);
	struct virtio_device *device;
	struct tap *tap;

	if (fd < 0)
		return NULL;
	tap = calloc(1, sizeof(*tap));
	if (!tap) {
		error("no memory for the network card");
		close(fd);
		return NULL;
	}
	tap->machine = machine;
	tap->fd = fd;
	tap->offloads = tap->in_use = found;
	tap->watch =
		(struct loop_watch){.fd = fd, .events = POLLIN, .ready = tap_ready, .opaque = tap};
	device = net_new(machine, name, options, &tap_backend, tap);
	if (device)
		tap->device = device;
	return device;
}
