/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over MMIO, version 2 (virtio 1.2, section 4.2). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

/* Registers, section 4.2.2. All are 32 bits wide, and only accesses of 32 bits are defined. */
enum {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
	REG_VENDOR_ID = 0x00c,
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SEL = 0x024,
	REG_QUEUE_SEL = 0x030,
	REG_QUEUE_SIZE_MAX = 0x034,
	REG_QUEUE_SIZE = 0x038,
	REG_QUEUE_READY = 0x044,
	REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060,
	REG_INTERRUPT_ACK = 0x064,
	REG_STATUS = 0x070,
	REG_QUEUE_DESC_LOW = 0x080,
	REG_QUEUE_DESC_HIGH = 0x084,
	REG_QUEUE_DRIVER_LOW = 0x090,
	REG_QUEUE_DRIVER_HIGH = 0x094,
	REG_QUEUE_DEVICE_LOW = 0x0a0,
	REG_QUEUE_DEVICE_HIGH = 0x0a4,
	REG_SHM_SEL = 0x0ac,
	REG_SHM_LEN_LOW = 0x0b0,
	REG_SHM_LEN_HIGH = 0x0b4,
	REG_SHM_BASE_LOW = 0x0b8,
	REG_SHM_BASE_HIGH = 0x0bc,
	REG_CONFIG_GENERATION = 0x0fc,
	REG_CONFIG = 0x100,
};

#define MAGIC	  0x74726976u /* "virt" */
#define VENDOR_ID 0x74726876u /* "vhrt" */

#define INTERRUPT_QUEUE	 1u
#define INTERRUPT_CONFIG 2u

struct queue_doorbell {
	struct doorbell doorbell;
	bool added;
};

struct virtio_mmio {
	struct machine *machine;
	struct virtio_device *device;
	struct mmio_region region;
	unsigned int line;
	uint32_t device_features_sel, driver_features_sel, queue_sel;
	uint32_t interrupt_status;
	struct queue_doorbell doorbells[VIRTIO_MAX_QUEUES];
};

/* ---- interrupts: one level for both causes ---- */

static void set_interrupt_status(struct virtio_mmio *mmio, uint32_t status)
{
	bool was_high = mmio->interrupt_status != 0;

	mmio->interrupt_status = status;
	if (was_high != (status != 0))
		machine_irq_set(mmio->machine, mmio->line, !was_high);
}

static void interrupt(struct virtio_device *device, unsigned int queue)
{
	struct virtio_mmio *mmio = device->transport_state;

	(void)queue;
	set_interrupt_status(mmio, mmio->interrupt_status | INTERRUPT_QUEUE);
}

static void config_changed(struct virtio_device *device)
{
	struct virtio_mmio *mmio = device->transport_state;

	set_interrupt_status(mmio, mmio->interrupt_status | INTERRUPT_CONFIG);
}

static const struct virtio_transport transport = {
	.name = "mmio",
	.interrupt = interrupt,
	.config_changed = config_changed,
};

/* ---- registers ---- */

/* NULL when the driver selected a queue that the device does not have. */
static struct virtqueue *selected_queue(struct virtio_mmio *mmio)
{
	if (mmio->queue_sel >= mmio->device->queue_count)
		return NULL;
	return &mmio->device->queues[mmio->queue_sel];
}

static void bad_access(struct virtio_mmio *mmio, const char *what, uint64_t offset,
		       unsigned int size)
{
	machine_guest_error(mmio->machine, mmio->device->name, "%s at 0x%03" PRIx64 ", %u bytes",
			    what, offset, size);
}

static uint32_t device_features(struct virtio_mmio *mmio)
{
	uint64_t features = virtio_device_features(mmio->device);

	if (mmio->device_features_sel > 1)
		return 0;
	return (uint32_t)(mmio->device_features_sel ? features >> 32 : features);
}

static uint32_t register_read(struct virtio_mmio *mmio, uint64_t offset)
{
	const struct virtqueue *queue = selected_queue(mmio);

	switch (offset) {
	case REG_MAGIC: return MAGIC;
	case REG_VERSION: return 2;
	case REG_DEVICE_ID: return mmio->device->class->device_id;
	case REG_VENDOR_ID: return VENDOR_ID;
	case REG_DEVICE_FEATURES: return device_features(mmio);
	case REG_QUEUE_SIZE_MAX: return queue ? virtio_device_queue_size(mmio->device) : 0;
	case REG_QUEUE_READY: return queue && queue->ready;
	case REG_INTERRUPT_STATUS: return mmio->interrupt_status;
	case REG_STATUS: return mmio->device->status;
	case REG_SHM_LEN_LOW:
	case REG_SHM_LEN_HIGH:
	case REG_SHM_BASE_LOW:
	case REG_SHM_BASE_HIGH: return UINT32_MAX; /* no shared memory region */
	case REG_CONFIG_GENERATION: return mmio->device->config_generation;
	default: bad_access(mmio, "no readable register", offset, 4); return 0;
	}
}

static void set_half(uint64_t *address, bool high, uint32_t value)
{
	unsigned int shift = high ? 32 : 0;

	*address = (*address & ~(0xffffffffull << shift)) | (uint64_t)value << shift;
}

/* The registers that describe the selected queue; fixed once it is ready. */
static void queue_register_write(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	struct virtqueue *queue = selected_queue(mmio);

	if (!queue || queue->ready) {
		bad_access(mmio, "a queue that is ready or does not exist is set up", offset, 4);
		return;
	}
	switch (offset) {
	/* A size that is too large is refused when the queue starts, like any other bad one. */
	case REG_QUEUE_SIZE: queue->size = (uint16_t)(value > UINT16_MAX ? 0 : value); break;
	case REG_QUEUE_DESC_LOW: set_half(&queue->desc, false, value); break;
	case REG_QUEUE_DESC_HIGH: set_half(&queue->desc, true, value); break;
	case REG_QUEUE_DRIVER_LOW: set_half(&queue->driver, false, value); break;
	case REG_QUEUE_DRIVER_HIGH: set_half(&queue->driver, true, value); break;
	case REG_QUEUE_DEVICE_LOW: set_half(&queue->device, false, value); break;
	case REG_QUEUE_DEVICE_HIGH: set_half(&queue->device, true, value); break;
	default: break;
	}
}

static void queue_ready_write(struct virtio_mmio *mmio, uint32_t value)
{
	struct virtqueue *queue = selected_queue(mmio);

	if (value & 1)
		virtio_device_queue_enable(mmio->device, mmio->queue_sel);
	else if (queue)
		queue->ready = false; /* what is still in flight is dropped when it is done */
}

static void status_write(struct virtio_mmio *mmio, uint32_t value)
{
	virtio_device_set_status(mmio->device, (uint8_t)value);
	if (value == 0) {
		mmio->device_features_sel = 0;
		mmio->driver_features_sel = 0;
		mmio->queue_sel = 0;
		set_interrupt_status(mmio, 0);
	}
}

static void driver_features_write(struct virtio_mmio *mmio, uint32_t value)
{
	if (mmio->driver_features_sel <= 1)
		virtio_device_set_features(mmio->device, mmio->driver_features_sel, value);
	else if (value)
		bad_access(mmio, "feature bits beyond 63 are set", REG_DRIVER_FEATURES, 4);
}

static void register_write(struct virtio_mmio *mmio, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_DEVICE_FEATURES_SEL: mmio->device_features_sel = value; break;
	case REG_DRIVER_FEATURES: driver_features_write(mmio, value); break;
	case REG_DRIVER_FEATURES_SEL: mmio->driver_features_sel = value; break;
	case REG_QUEUE_SEL: mmio->queue_sel = value; break;
	case REG_QUEUE_SIZE:
	case REG_QUEUE_DESC_LOW:
	case REG_QUEUE_DESC_HIGH:
	case REG_QUEUE_DRIVER_LOW:
	case REG_QUEUE_DRIVER_HIGH:
	case REG_QUEUE_DEVICE_LOW:
	case REG_QUEUE_DEVICE_HIGH: queue_register_write(mmio, offset, value); break;
	case REG_QUEUE_READY: queue_ready_write(mmio, value); break;
	case REG_QUEUE_NOTIFY: virtio_device_kick(mmio->device, value); break;
	case REG_INTERRUPT_ACK: set_interrupt_status(mmio, mmio->interrupt_status & ~value); break;
	case REG_STATUS: status_write(mmio, value); break;
	case REG_SHM_SEL: break; /* there is none to select */
	default: bad_access(mmio, "no writable register", offset, 4); break;
	}
}

static uint64_t region_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct virtio_mmio *mmio = region->opaque;

	if (offset >= REG_CONFIG)
		return virtio_device_config_read(mmio->device, offset - REG_CONFIG, size);
	if (size == 4 && offset % 4 == 0)
		return register_read(mmio, offset);
	bad_access(mmio, "a register is read in part", offset, size);
	return 0;
}

static void region_write(struct mmio_region *region, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	struct virtio_mmio *mmio = region->opaque;

	if (offset >= REG_CONFIG)
		virtio_device_config_write(mmio->device, offset - REG_CONFIG, size, value);
	else if (size == 4 && offset % 4 == 0)
		register_write(mmio, offset, (uint32_t)value);
	else
		bad_access(mmio, "a register is written in part", offset, size);
}

/* ---- doorbells ---- */

static void doorbell_rung(struct doorbell *doorbell)
{
	struct virtio_mmio *mmio = doorbell->opaque;

	virtio_device_rung(mmio->device, (unsigned int)doorbell->data);
}

/* A doorbell that the host has no room for costs an exit to userspace, no more. */
static void add_doorbells(struct virtio_mmio *mmio)
{
	if (mmio->device->doorbell_exits)
		return;
	for (unsigned int i = 0; i < mmio->device->queue_count; i++) {
		mmio->doorbells[i].doorbell = (struct doorbell){
			.gpa = mmio->region.base + REG_QUEUE_NOTIFY,
			.len = 4,
			.match = true,
			.data = i,
			.event_fd = virtio_device_doorbell_fd(mmio->device, i),
			.rung = doorbell_rung,
			.opaque = mmio,
		};
		mmio->doorbells[i].added =
			machine_doorbell_add(mmio->machine, &mmio->doorbells[i].doorbell) == 0;
	}
}

struct virtio_mmio *virtio_mmio_new(struct machine *machine, struct virtio_device *device,
				    uint64_t gpa, unsigned int line)
{
	struct virtio_mmio *mmio = calloc(1, sizeof(*mmio));

	if (!mmio) {
		error("%s: out of memory", device->name);
		virtio_device_free(device);
		return NULL;
	}
	mmio->machine = machine;
	mmio->device = device;
	mmio->line = line;
	mmio->region = (struct mmio_region){
		.name = "virtio-mmio",
		.base = gpa,
		.len = VIRTIO_MMIO_LEN,
		.read = region_read,
		.write = region_write,
		.opaque = mmio,
	};
	virtio_device_attach(device, &transport, mmio);
	int failed = machine_mmio_add(machine, &mmio->region);
	if (failed) {
		error("%s: no room for its registers at 0x%" PRIx64 ": %s", device->name, gpa,
		      strerror(-failed));
		virtio_device_free(device);
		free(mmio);
		return NULL;
	}
	add_doorbells(mmio);
	return mmio;
}

void virtio_mmio_free(struct virtio_mmio *mmio)
{
	for (unsigned int i = 0; i < mmio->device->queue_count; i++) {
		if (mmio->doorbells[i].added)
			machine_doorbell_remove(mmio->machine, &mmio->doorbells[i].doorbell);
	}
	machine_mmio_remove(mmio->machine, &mmio->region);
	virtio_device_free(mmio->device);
	free(mmio);
}
