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
	size_t pending; /* bytes of FRAME, with header, that wait for buffers; 0: none */
	uint8_t frame[NET_HEADER_LEN + NET_MAX_FRAME];
};

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
	if (net_receive(tap->device, tap->frame + NET_HEADER_LEN, tap->pending - NET_HEADER_LEN) ==
	    NET_FULL)
		return false;
	tap->pending = 0;
	return true;
}

static bool read_frame(struct tap *tap)
{
	ssize_t len = read(tap->fd, tap->frame, sizeof(tap->frame));

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

static void tap_send(void *state, const struct iovec *frame, unsigned int count, size_t len)
{
	static const uint8_t header[NET_HEADER_LEN];
	const struct tap *tap = state;
	struct iovec whole[VIRTQUEUE_MAX_SEGMENTS + 1];
	ssize_t written;

	(void)len;
	/* The guest's own header does not reach the host: it could ask for offloads. */
	whole[0] = (struct iovec){.iov_base = (void *)(uintptr_t)header, .iov_len = sizeof(header)};
	memcpy(whole + 1, frame, count * sizeof(*frame));
	written = writev(tap->fd, whole, (int)count + 1);
	(void)written; /* the interface is down, or its queue full: a lost frame, as on any wire */
}

static void tap_started(void *state)
{
	watch(state, true);
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

static int tap_open(const char *ifname)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int header_len = NET_HEADER_LEN;
	int fd;

	if (!exists(ifname))
		return -1;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		error("/dev/net/tun: %s: --net tap needs it (sudo modprobe tun)", strerror(errno));
		return -1;
	}
	memcpy(request.ifr_name, ifname, strlen(ifname));
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header_len) ||
	    ioctl(fd, TUNSETOFFLOAD, 0)) {
		attach_error(ifname, errno);
		close(fd);
		return -1;
	}
	return fd;
}

struct virtio_device *virtio_net_tap_new(struct machine *machine, const char *name,
					 const struct net_options *options, const char *ifname)
{
	int fd = tap_open(ifname);
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
	tap->watch =
		(struct loop_watch){.fd = fd, .events = POLLIN, .ready = tap_ready, .opaque = tap};
	device = net_new(machine, name, options, &tap_backend, tap);
	if (device)
		tap->device = device;
	return device;
}
