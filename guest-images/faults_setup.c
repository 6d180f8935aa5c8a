/* SPDX-License-Identifier: Apache-2.0 */
/* Status, features and queues set up wrongly (virtio 1.2, sections 2.1, 2.2, 3.1). */
#include "faults.h"

#include "base/memory_map.h"
#include "vhart-guest/io.h"
#include "vhart-guest/tap.h"

static void features(const struct virtio *virtio)
{
	const char *name = virtio_name(virtio);

	tap(!virtio_start(virtio, 0), "%s: FEATURES_OK without VERSION_1 is refused", name);
	virtio_set_status(virtio, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
	tap(!(virtio_status(virtio) & STATUS_DRIVER_OK), "%s: DRIVER_OK alone is refused", name);
	tap(virtio_start(virtio, UINT64_MAX) || !(virtio_status(virtio) & STATUS_FEATURES_OK),
	    "%s: all features at once do no harm", name);
	virtio_set_features(virtio, 0);
	virtio_set_status(virtio, 0xff);
	virtio_set_status(virtio, 0x80);
	virtio_set_features(virtio, UINT64_MAX);
	tap(works(virtio), "%s: works after wrong features and status", name);
}

/* Doorbells of queues that are not there, or not yet. */
static void doorbells(const struct virtio *virtio)
{
	virtio_reset(virtio);
	for (unsigned int queue = 0; queue < 20; queue++)
		virtio_kick(virtio, (uint16_t)queue);
	virtio_start(virtio, FEATURE_VERSION_1);
	virtio_set_status(virtio, virtio_status(virtio) | STATUS_DRIVER_OK);
	for (unsigned int queue = 0; queue < 20; queue++)
		virtio_kick(virtio, (uint16_t)queue);
	if (!virtio->pci) {
		io_write(virtio->notify, 4, 0xffff);
		io_write(virtio->notify, 4, UINT32_MAX);
	}
	tap(works(virtio), "%s: works after doorbells of queues that do not run",
	    virtio_name(virtio));
}

static const struct {
	const char *what;
	uint16_t size;
	/* Added to where the parts are; 0 leaves them. */
	uint64_t desc, driver, device;
} wrong_queues[] = {
	{"of size 0", 0, 0, 0, 0},
	{"of size 3", 3, 0, 0, 0},
	{"of size 1024", 1024, 0, 0, 0},
	{"of size 32768", 32768, 0, 0, 0},
	{"of size 65535", 65535, 0, 0, 0},
	{"with unaligned descriptors", RING_SIZE, 8, 0, 0},
	{"with an unaligned driver area", RING_SIZE, 0, 1, 0},
	{"with an unaligned device area", RING_SIZE, 0, 0, 2},
	{"with descriptors beyond RAM", RING_SIZE, 1ull << 40, 0, 0},
	{"with a driver area beyond RAM", RING_SIZE, 0, 1ull << 40, 0},
	{"with a device area beyond RAM", RING_SIZE, 0, 0, 1ull << 40},
	{"with descriptors below RAM", RING_SIZE, -MAP_RAM, 0, 0},
	{"with a driver area below RAM", RING_SIZE, 0, -MAP_RAM, 0},
	{"with a device area below RAM", RING_SIZE, 0, 0, -MAP_RAM},
};

static void queues(const struct virtio *virtio)
{
	for (unsigned int i = 0; i < sizeof(wrong_queues) / sizeof(wrong_queues[0]); i++) {
		struct queue_setup setup = ring_setup(&ring);
		setup.size = wrong_queues[i].size;
		setup.desc += wrong_queues[i].desc;
		setup.driver += wrong_queues[i].driver;
		setup.device += wrong_queues[i].device;

		virtio_start(virtio, FEATURE_VERSION_1);
		ring_clear(&ring);
		virtio_queue(virtio, work_queue(virtio), &setup);
		virtio_set_status(virtio, virtio_status(virtio) | STATUS_DRIVER_OK);
		virtio_kick(virtio, work_queue(virtio));
		bool noticed = virtio_status(virtio) & STATUS_NEEDS_RESET;
		tap(noticed && works(virtio), "%s: a queue %s is refused, and a reset mends it",
		    virtio_name(virtio), wrong_queues[i].what);
	}
}

static void queues_that_are_not_there(const struct virtio *virtio)
{
	struct queue_setup setup = ring_setup(&ring);

	virtio_start(virtio, FEATURE_VERSION_1);
	for (unsigned int queue = 0; queue < 300; queue += 17)
		virtio_queue(virtio, (uint16_t)queue, &setup);
	virtio_queue(virtio, 0xffff, &setup);
	tap(works(virtio), "%s: works after queues that it does not have", virtio_name(virtio));
}

/* Everything moves while the device runs. */
static void changes_while_running(const struct virtio *virtio)
{
	struct queue_setup moved = ring_setup(&ring);

	works(virtio);
	moved.size = 3;
	moved.desc = 0;
	virtio_queue(virtio, work_queue(virtio), &moved);
	ring_submit(virtio, &ring, work_queue(virtio), 0);
	virtio_set_features(virtio, UINT64_MAX);
	virtio_set_status(virtio, STATUS_ACKNOWLEDGE);
	tap(works(virtio), "%s: works after changes while it runs", virtio_name(virtio));
}

/* A reset comes while requests are under way, and the ring is wiped at once. */
static void resets(const struct virtio *virtio)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < 20; i++) {
		good += works(virtio);
		ring_submit(virtio, &ring, work_queue(virtio), 0);
		virtio_reset(virtio);
		ring_clear(&ring);
	}
	tap(good == 20 && works(virtio), "%s: works after resets amid requests",
	    virtio_name(virtio));
}

void fault_setup(const struct virtio *virtio)
{
	features(virtio);
	doorbells(virtio);
	queues(virtio);
	queues_that_are_not_there(virtio);
	changes_while_running(virtio);
	resets(virtio);
}
