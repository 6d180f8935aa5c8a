/* SPDX-License-Identifier: Apache-2.0 */
/* The common configuration structure of virtio over PCI (virtio 1.2, section 4.1.4.3). */
#include "devices/virtio_pci_common.h"

#include <inttypes.h>

enum {
	DEVICE_FEATURE_SELECT = 0,
	DEVICE_FEATURE = 4,
	DRIVER_FEATURE_SELECT = 8,
	DRIVER_FEATURE = 12,
	CONFIG_MSIX_VECTOR = 16,
	NUM_QUEUES = 18,
	DEVICE_STATUS = 20,
	CONFIG_GENERATION = 21,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_MSIX_VECTOR = 26,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY_OFF = 30,
	QUEUE_DESC = 32,
	QUEUE_DRIVER = 40,
	QUEUE_DEVICE = 48,
	QUEUE_NOTIFY_DATA = 56,
	QUEUE_RESET = 58,
};

/* Each field is accessed in its own width; 64-bit ones as two halves. */
static const struct {
	uint8_t offset, size;
	bool writable;
} fields[] = {
	{DEVICE_FEATURE_SELECT, 4, true}, {DEVICE_FEATURE, 4, false},
	{DRIVER_FEATURE_SELECT, 4, true}, {DRIVER_FEATURE, 4, true},
	{CONFIG_MSIX_VECTOR, 2, true},	  {NUM_QUEUES, 2, false},
	{DEVICE_STATUS, 1, true},	  {CONFIG_GENERATION, 1, false},
	{QUEUE_SELECT, 2, true},	  {QUEUE_SIZE, 2, true},
	{QUEUE_MSIX_VECTOR, 2, true},	  {QUEUE_ENABLE, 2, true},
	{QUEUE_NOTIFY_OFF, 2, false},	  {QUEUE_DESC, 4, true},
	{QUEUE_DESC + 4, 4, true},	  {QUEUE_DRIVER, 4, true},
	{QUEUE_DRIVER + 4, 4, true},	  {QUEUE_DEVICE, 4, true},
	{QUEUE_DEVICE + 4, 4, true},	  {QUEUE_NOTIFY_DATA, 2, false},
	{QUEUE_RESET, 2, false},
};

void virtio_pci_update_intx(struct virtio_pci *pci)
{
	pci_function_set_intx(&pci->function, pci->isr && !msix_enabled(&pci->msix));
}

void virtio_pci_bad_access(struct virtio_pci *pci, const char *what, uint64_t offset,
			   unsigned int size)
{
	machine_guest_error(pci->machine, pci->device->name, "%s at 0x%" PRIx64 ", %u bytes", what,
			    offset, size);
}

static bool is_field(uint64_t offset, unsigned int size, bool write)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].offset == offset)
			return fields[i].size == size && (fields[i].writable || !write);
	}
	return false;
}

/* NULL when the driver selected a queue that the device does not have. */
static struct virtqueue *selected_queue(struct virtio_pci *pci)
{
	if (pci->queue_select >= pci->device->queue_count)
		return NULL;
	return &pci->device->queues[pci->queue_select];
}

static uint32_t half(uint64_t value, bool high)
{
	return (uint32_t)(high ? value >> 32 : value);
}

static void set_half(uint64_t *value, bool high, uint32_t to)
{
	unsigned int shift = high ? 32 : 0;

	*value = (*value & ~(0xffffffffull << shift)) | (uint64_t)to << shift;
}

/* The fields of the selected queue; 0 where there is none. */
static uint32_t queue_field_read(struct virtio_pci *pci, uint64_t offset)
{
	const struct virtqueue *queue = selected_queue(pci);

	if (!queue)
		return offset == QUEUE_MSIX_VECTOR ? NO_VECTOR : 0;
	switch (offset) {
	case QUEUE_SIZE: return queue->size;
	case QUEUE_MSIX_VECTOR: return pci->queue_vectors[pci->queue_select];
	case QUEUE_ENABLE: return queue->ready;
	case QUEUE_NOTIFY_OFF: return pci->queue_select;
	case QUEUE_DESC:
	case QUEUE_DESC + 4: return half(queue->desc, offset & 4);
	case QUEUE_DRIVER:
	case QUEUE_DRIVER + 4: return half(queue->driver, offset & 4);
	case QUEUE_DEVICE:
	case QUEUE_DEVICE + 4: return half(queue->device, offset & 4);
	default: return 0; /* notify_data and queue_reset: their features are not offered */
	}
}

static uint32_t field_read(struct virtio_pci *pci, uint64_t offset)
{
	switch (offset) {
	case DEVICE_FEATURE_SELECT: return pci->device_feature_select;
	case DEVICE_FEATURE:
		return pci->device_feature_select > 1 ? 0
						      : half(virtio_device_features(pci->device),
							     pci->device_feature_select);
	case DRIVER_FEATURE_SELECT: return pci->driver_feature_select;
	case DRIVER_FEATURE:
		return pci->driver_feature_select > 1
			       ? 0
			       : half(pci->device->driver_features, pci->driver_feature_select);
	case CONFIG_MSIX_VECTOR: return pci->config_vector;
	case NUM_QUEUES: return pci->device->queue_count;
	case DEVICE_STATUS: return pci->device->status;
	case CONFIG_GENERATION: return pci->device->config_generation & 0xff;
	case QUEUE_SELECT: return pci->queue_select;
	default: return queue_field_read(pci, offset);
	}
}

/* Section 4.1.5.1.2: a vector that cannot be had reads back as none. */
static uint16_t usable_vector(const struct virtio_pci *pci, uint32_t vector)
{
	return (uint16_t)(vector < pci->msix.count ? vector : NO_VECTOR);
}

static void queue_field_write(struct virtio_pci *pci, uint64_t offset, uint32_t value)
{
	struct virtqueue *queue = selected_queue(pci);

	if (!queue) {
		virtio_pci_bad_access(pci, "a queue that does not exist is set up", offset, 4);
		return;
	}
	if (offset == QUEUE_MSIX_VECTOR) {
		pci->queue_vectors[pci->queue_select] = usable_vector(pci, value);
		virtio_device_interrupts_moved(pci->device);
		return;
	}
	if (offset == QUEUE_ENABLE && value == 1) {
		virtio_device_queue_enable(pci->device, pci->queue_select);
		return;
	}
	if (queue->ready || offset == QUEUE_ENABLE) {
		virtio_pci_bad_access(pci, "a queue that runs is set up, or stopped", offset, 4);
		return;
	}
	switch (offset) {
	case QUEUE_SIZE: queue->size = (uint16_t)value; break;
	case QUEUE_DESC:
	case QUEUE_DESC + 4: set_half(&queue->desc, offset & 4, value); break;
	case QUEUE_DRIVER:
	case QUEUE_DRIVER + 4: set_half(&queue->driver, offset & 4, value); break;
	case QUEUE_DEVICE:
	case QUEUE_DEVICE + 4: set_half(&queue->device, offset & 4, value); break;
	default: break;
	}
}

static void field_write(struct virtio_pci *pci, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case DEVICE_FEATURE_SELECT: pci->device_feature_select = value; break;
	case DRIVER_FEATURE_SELECT: pci->driver_feature_select = value; break;
	case DRIVER_FEATURE:
		if (pci->driver_feature_select <= 1)
			virtio_device_set_features(pci->device, pci->driver_feature_select, value);
		else if (value)
			virtio_pci_bad_access(pci, "feature bits beyond 63 are set", offset, 4);
		break;
	case CONFIG_MSIX_VECTOR: pci->config_vector = usable_vector(pci, value); break;
	case DEVICE_STATUS:
		virtio_device_set_status(pci->device, (uint8_t)value);
		if (value == 0) {
			virtio_pci_common_reset(pci);
			virtio_pci_update_intx(pci);
		}
		break;
	case QUEUE_SELECT: pci->queue_select = (uint16_t)value; break;
	default: queue_field_write(pci, offset, value); break;
	}
}

uint32_t virtio_pci_common_read(struct virtio_pci *pci, uint64_t offset, unsigned int size)
{
	if (is_field(offset, size, false))
		return field_read(pci, offset);
	virtio_pci_bad_access(pci, "no such common field is readable", offset, size);
	return 0;
}

void virtio_pci_common_write(struct virtio_pci *pci, uint64_t offset, unsigned int size,
			     uint32_t value)
{
	if (is_field(offset, size, true))
		field_write(pci, offset, value);
	else
		virtio_pci_bad_access(pci, "no such common field is writable", offset, size);
}

void virtio_pci_common_reset(struct virtio_pci *pci)
{
	pci->device_feature_select = 0;
	pci->driver_feature_select = 0;
	pci->queue_select = 0;
	pci->config_vector = NO_VECTOR;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		pci->queue_vectors[i] = NO_VECTOR;
	pci->isr = 0;
}
