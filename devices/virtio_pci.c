/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over PCI, modern only (virtio 1.2, section 4.1). */
#include <stdlib.h>
#include <string.h>

#include "devices/msix.h"
#include "devices/pci.h"
#include "vmm/log.h"

#define VENDOR	       0x1af4u
#define DEVICE_BASE    0x1040u
#define SUBSYSTEM      0x1100u
#define NO_VECTOR      0xffffu
#define NOTIFY_STRIDE  4u
#define MSIX_BAR       1u
#define VIRTIO_BAR     0u
#define VIRTIO_BAR_LEN 0x4000u
#define PAGE_LEN       0x1000u

/* The pages of BAR 0: one structure each, so that a guest can map them one by one. */
enum page { PAGE_COMMON, PAGE_NOTIFY, PAGE_ISR, PAGE_DEVICE };

/* Section 4.1.4: struct virtio_pci_cap, its types and the offsets of its fields. */
enum cap_type { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_PCI };
enum { CAP_LEN = 2, CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_LENGTH = 12, CAP_EXTRA = 16 };
#define CAP_ID_VENDOR 0x09u

static const struct {
	enum cap_type type;
	enum page page;
	uint8_t cap_len;
	uint16_t length;
	uint32_t extra; /* notify: the multiplier */
} structures[] = {
	{CAP_COMMON, PAGE_COMMON, 16, 60, 0},
	{CAP_NOTIFY, PAGE_NOTIFY, 20, VIRTIO_MAX_QUEUES *NOTIFY_STRIDE, NOTIFY_STRIDE},
	{CAP_ISR, PAGE_ISR, 16, 1, 0},
	{CAP_DEVICE, PAGE_DEVICE, 16, PAGE_LEN, 0},
};

#define ISR_QUEUE  1u
#define ISR_CONFIG 2u

struct queue_doorbell {
	struct doorbell doorbell; /* data: the queue; any value rings it */
	bool added;
};

struct virtio_pci {
	struct machine *machine;
	struct virtio_device *device;
	struct pci_function function;
	struct msix msix;
	unsigned int window_capability; /* the one of type CAP_PCI */
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select;
	uint16_t config_vector;
	uint16_t queue_vectors[VIRTIO_MAX_QUEUES];
	uint8_t isr;
	struct queue_doorbell doorbells[VIRTIO_MAX_QUEUES];
};

/* ---- interrupts, sections 4.1.4.5 and 4.1.5 ---- */

static void update_intx(struct virtio_pci *pci)
{
	pci_function_set_intx(&pci->function, pci->isr && !msix_enabled(&pci->msix));
}

static void raise(struct virtio_pci *pci, uint16_t vector, uint8_t isr_bit)
{
	if (msix_enabled(&pci->msix)) {
		msix_signal(&pci->msix, vector);
		return;
	}
	pci->isr |= isr_bit;
	update_intx(pci);
}

static void interrupt(struct virtio_device *device, unsigned int queue)
{
	struct virtio_pci *pci = device->transport_state;

	raise(pci, pci->queue_vectors[queue], ISR_QUEUE);
}

static void config_changed(struct virtio_device *device)
{
	struct virtio_pci *pci = device->transport_state;

	raise(pci, pci->config_vector, ISR_CONFIG);
}

static const struct virtio_transport transport = {
	.name = "pci",
	.interrupt = interrupt,
	.config_changed = config_changed,
};

static void reset_registers(struct virtio_pci *pci)
{
	pci->device_feature_select = 0;
	pci->driver_feature_select = 0;
	pci->queue_select = 0;
	pci->config_vector = NO_VECTOR;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		pci->queue_vectors[i] = NO_VECTOR;
	pci->isr = 0;
}

/* ---- the common configuration structure, section 4.1.4.3 ---- */

enum {
	COMMON_DEVICE_FEATURE_SELECT = 0,
	COMMON_DEVICE_FEATURE = 4,
	COMMON_DRIVER_FEATURE_SELECT = 8,
	COMMON_DRIVER_FEATURE = 12,
	COMMON_CONFIG_MSIX_VECTOR = 16,
	COMMON_NUM_QUEUES = 18,
	COMMON_DEVICE_STATUS = 20,
	COMMON_CONFIG_GENERATION = 21,
	COMMON_QUEUE_SELECT = 22,
	COMMON_QUEUE_SIZE = 24,
	COMMON_QUEUE_MSIX_VECTOR = 26,
	COMMON_QUEUE_ENABLE = 28,
	COMMON_QUEUE_NOTIFY_OFF = 30,
	COMMON_QUEUE_DESC = 32,
	COMMON_QUEUE_DRIVER = 40,
	COMMON_QUEUE_DEVICE = 48,
	COMMON_QUEUE_NOTIFY_DATA = 56,
	COMMON_QUEUE_RESET = 58,
};

/* Each field is accessed in its own width; 64-bit ones as two halves. */
static const struct {
	uint8_t offset, size;
	bool writable;
} common_fields[] = {
	{COMMON_DEVICE_FEATURE_SELECT, 4, true}, {COMMON_DEVICE_FEATURE, 4, false},
	{COMMON_DRIVER_FEATURE_SELECT, 4, true}, {COMMON_DRIVER_FEATURE, 4, true},
	{COMMON_CONFIG_MSIX_VECTOR, 2, true},	 {COMMON_NUM_QUEUES, 2, false},
	{COMMON_DEVICE_STATUS, 1, true},	 {COMMON_CONFIG_GENERATION, 1, false},
	{COMMON_QUEUE_SELECT, 2, true},		 {COMMON_QUEUE_SIZE, 2, true},
	{COMMON_QUEUE_MSIX_VECTOR, 2, true},	 {COMMON_QUEUE_ENABLE, 2, true},
	{COMMON_QUEUE_NOTIFY_OFF, 2, false},	 {COMMON_QUEUE_DESC, 4, true},
	{COMMON_QUEUE_DESC + 4, 4, true},	 {COMMON_QUEUE_DRIVER, 4, true},
	{COMMON_QUEUE_DRIVER + 4, 4, true},	 {COMMON_QUEUE_DEVICE, 4, true},
	{COMMON_QUEUE_DEVICE + 4, 4, true},	 {COMMON_QUEUE_NOTIFY_DATA, 2, false},
	{COMMON_QUEUE_RESET, 2, false},
};

static void bad_access(struct virtio_pci *pci, const char *what, uint64_t offset, unsigned int size)
{
	machine_guest_error(pci->machine, pci->device->name, "%s at 0x%llx, %u bytes", what,
			    (unsigned long long)offset, size);
}

static bool is_common_field(uint64_t offset, unsigned int size, bool write)
{
	for (size_t i = 0; i < sizeof(common_fields) / sizeof(common_fields[0]); i++) {
		if (common_fields[i].offset == offset)
			return common_fields[i].size == size &&
			       (common_fields[i].writable || !write);
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
		return offset == COMMON_QUEUE_MSIX_VECTOR ? NO_VECTOR : 0;
	switch (offset) {
	case COMMON_QUEUE_SIZE: return queue->size;
	case COMMON_QUEUE_MSIX_VECTOR: return pci->queue_vectors[pci->queue_select];
	case COMMON_QUEUE_ENABLE: return queue->ready;
	case COMMON_QUEUE_NOTIFY_OFF: return pci->queue_select;
	case COMMON_QUEUE_DESC:
	case COMMON_QUEUE_DESC + 4: return half(queue->desc, offset & 4);
	case COMMON_QUEUE_DRIVER:
	case COMMON_QUEUE_DRIVER + 4: return half(queue->driver, offset & 4);
	case COMMON_QUEUE_DEVICE:
	case COMMON_QUEUE_DEVICE + 4: return half(queue->device, offset & 4);
	default: return 0; /* notify_data and queue_reset: their features are not offered */
	}
}

static uint32_t common_read(struct virtio_pci *pci, uint64_t offset)
{
	switch (offset) {
	case COMMON_DEVICE_FEATURE_SELECT: return pci->device_feature_select;
	case COMMON_DEVICE_FEATURE:
		return pci->device_feature_select > 1 ? 0
						      : half(virtio_device_features(pci->device),
							     pci->device_feature_select);
	case COMMON_DRIVER_FEATURE_SELECT: return pci->driver_feature_select;
	case COMMON_DRIVER_FEATURE:
		return pci->driver_feature_select > 1
			       ? 0
			       : half(pci->device->driver_features, pci->driver_feature_select);
	case COMMON_CONFIG_MSIX_VECTOR: return pci->config_vector;
	case COMMON_NUM_QUEUES: return pci->device->queue_count;
	case COMMON_DEVICE_STATUS: return pci->device->status;
	case COMMON_CONFIG_GENERATION: return pci->device->config_generation & 0xff;
	case COMMON_QUEUE_SELECT: return pci->queue_select;
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
		bad_access(pci, "a queue that does not exist is set up", offset, 4);
		return;
	}
	if (offset == COMMON_QUEUE_MSIX_VECTOR) {
		pci->queue_vectors[pci->queue_select] = usable_vector(pci, value);
		return;
	}
	if (offset == COMMON_QUEUE_ENABLE && value == 1) {
		virtio_device_queue_enable(pci->device, pci->queue_select);
		return;
	}
	if (queue->ready || offset == COMMON_QUEUE_ENABLE) {
		bad_access(pci, "a queue that runs is set up, or stopped", offset, 4);
		return;
	}
	switch (offset) {
	case COMMON_QUEUE_SIZE: queue->size = (uint16_t)value; break;
	case COMMON_QUEUE_DESC:
	case COMMON_QUEUE_DESC + 4: set_half(&queue->desc, offset & 4, value); break;
	case COMMON_QUEUE_DRIVER:
	case COMMON_QUEUE_DRIVER + 4: set_half(&queue->driver, offset & 4, value); break;
	case COMMON_QUEUE_DEVICE:
	case COMMON_QUEUE_DEVICE + 4: set_half(&queue->device, offset & 4, value); break;
	default: break;
	}
}

static void common_write(struct virtio_pci *pci, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case COMMON_DEVICE_FEATURE_SELECT: pci->device_feature_select = value; break;
	case COMMON_DRIVER_FEATURE_SELECT: pci->driver_feature_select = value; break;
	case COMMON_DRIVER_FEATURE:
		if (pci->driver_feature_select <= 1)
			virtio_device_set_features(pci->device, pci->driver_feature_select, value);
		else if (value)
			bad_access(pci, "feature bits beyond 63 are set", offset, 4);
		break;
	case COMMON_CONFIG_MSIX_VECTOR: pci->config_vector = usable_vector(pci, value); break;
	case COMMON_DEVICE_STATUS:
		virtio_device_set_status(pci->device, (uint8_t)value);
		if (value == 0) {
			reset_registers(pci);
			update_intx(pci);
		}
		break;
	case COMMON_QUEUE_SELECT: pci->queue_select = (uint16_t)value; break;
	default: queue_field_write(pci, offset, value); break;
	}
}

/* ---- BAR 0 ---- */

static uint64_t bar_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct pci_function *function = region->opaque;
	struct virtio_pci *pci = function->opaque;
	uint64_t at = offset % PAGE_LEN;
	uint8_t isr;

	switch (offset / PAGE_LEN) {
	case PAGE_COMMON:
		if (is_common_field(at, size, false))
			return common_read(pci, at);
		bad_access(pci, "no such common field is readable", at, size);
		return 0;
	case PAGE_ISR:
		if (at != 0)
			return 0;
		isr = pci->isr;
		pci->isr = 0;
		update_intx(pci);
		return isr;
	case PAGE_DEVICE: return virtio_device_config_read(pci->device, at, size);
	default: return 0;
	}
}

static void bar_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct pci_function *function = region->opaque;
	struct virtio_pci *pci = function->opaque;
	uint64_t at = offset % PAGE_LEN;

	switch (offset / PAGE_LEN) {
	case PAGE_COMMON:
		if (is_common_field(at, size, true))
			common_write(pci, at, (uint32_t)value);
		else
			bad_access(pci, "no such common field is writable", at, size);
		break;
	case PAGE_NOTIFY:
		virtio_device_kick(pci->device, (unsigned int)(at / NOTIFY_STRIDE));
		break;
	case PAGE_DEVICE: virtio_device_config_write(pci->device, at, size, value); break;
	default: bad_access(pci, "a write to the ISR status", at, size); break;
	}
}

/* ---- doorbells follow BAR 0 ---- */

static void doorbell_rung(struct doorbell *doorbell)
{
	struct virtio_pci *pci = doorbell->opaque;

	virtio_device_rung(pci->device, (unsigned int)doorbell->data);
}

static void remove_doorbells(struct virtio_pci *pci)
{
	for (unsigned int i = 0; i < pci->device->queue_count; i++) {
		if (pci->doorbells[i].added)
			machine_doorbell_remove(pci->machine, &pci->doorbells[i].doorbell);
		pci->doorbells[i].added = false;
	}
}

/* A doorbell that the host has no room for costs an exit to userspace, no more. */
static void add_doorbells(struct virtio_pci *pci, uint64_t bar)
{
	for (unsigned int i = 0; i < pci->device->queue_count; i++) {
		struct queue_doorbell *bell = &pci->doorbells[i];
		/* Section 4.1.5.2: the driver writes the queue's index, 16 bits. */
		bell->doorbell = (struct doorbell){
			.gpa = bar + PAGE_NOTIFY * PAGE_LEN + i * NOTIFY_STRIDE,
			.len = 2,
			.data = i,
			.rung = doorbell_rung,
			.opaque = pci,
		};
		bell->added = machine_doorbell_add(pci->machine, &bell->doorbell) == 0;
	}
}

static void bar_changed(struct pci_function *function, unsigned int bar)
{
	struct virtio_pci *pci = function->opaque;

	if (bar != VIRTIO_BAR)
		return;
	remove_doorbells(pci);
	if (function->bars[bar].mapped)
		add_doorbells(pci, function->bars[bar].region.base);
}

/* ---- the window into BAR 0 through config space, section 4.1.4.9 ---- */

/* Whether an access of SIZE bytes at OFFSET touches the window's data, and the window is valid. */
static bool window_touched(struct virtio_pci *pci, unsigned int offset, unsigned int size,
			   uint32_t *at, uint32_t *len)
{
	const struct pci_function *function = &pci->function;
	unsigned int capability = pci->window_capability;
	unsigned int data = capability + CAP_EXTRA;

	if (offset + size <= data || offset >= data + 4)
		return false;
	*at = pci_config_get(function, capability + CAP_OFFSET, 4);
	*len = pci_config_get(function, capability + CAP_LENGTH, 4);
	if (pci_config_get(function, capability + CAP_BAR, 1) == VIRTIO_BAR &&
	    (*len == 1 || *len == 2 || *len == 4) && *at % *len == 0 && *at < VIRTIO_BAR_LEN)
		return true;
	bad_access(pci, "the window of the capability list points nowhere", *at, *len);
	return false;
}

static void config_reading(struct pci_function *function, unsigned int offset, unsigned int size)
{
	struct virtio_pci *pci = function->opaque;
	uint32_t at, len;

	if (window_touched(pci, offset, size, &at, &len))
		pci_config_set(function, pci->window_capability + CAP_EXTRA, 4,
			       (uint32_t)bar_read(&function->bars[VIRTIO_BAR].region, at, len));
}

static void config_written(struct pci_function *function, unsigned int offset, unsigned int size)
{
	struct virtio_pci *pci = function->opaque;
	uint32_t at, len;

	if (window_touched(pci, offset, size, &at, &len))
		bar_write(&function->bars[VIRTIO_BAR].region, at, len,
			  pci_config_get(function, pci->window_capability + CAP_EXTRA, len));
	msix_config_written(&pci->msix, offset, size);
	update_intx(pci);
}

/* ---- */

static uint64_t msix_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct pci_function *function = region->opaque;
	struct virtio_pci *pci = function->opaque;

	return msix_bar_read(&pci->msix, offset, size);
}

static void msix_write(struct mmio_region *region, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct pci_function *function = region->opaque;
	struct virtio_pci *pci = function->opaque;

	msix_bar_write(&pci->msix, offset, size, value);
}

static void virtio_pci_free(struct pci_function *function)
{
	struct virtio_pci *pci = function->opaque;

	msix_free(&pci->msix);
	virtio_device_free(pci->device);
	free(pci);
}

static const struct pci_function_ops ops = {
	.config_reading = config_reading,
	.config_written = config_written,
	.bar_changed = bar_changed,
	.free = virtio_pci_free,
};

static unsigned int add_structure(struct pci_function *function, enum cap_type type,
				  uint8_t cap_len, uint32_t offset, uint32_t length, uint32_t extra)
{
	unsigned int at = pci_function_add_capability(function, CAP_ID_VENDOR, cap_len);

	pci_config_set(function, at + CAP_LEN, 1, cap_len);
	pci_config_set(function, at + CAP_TYPE, 1, type);
	pci_config_set(function, at + CAP_BAR, 1, VIRTIO_BAR);
	pci_config_set(function, at + CAP_OFFSET, 4, offset);
	pci_config_set(function, at + CAP_LENGTH, 4, length);
	if (cap_len > CAP_EXTRA)
		pci_config_set(function, at + CAP_EXTRA, 4, extra);
	return at;
}

static void add_structures(struct virtio_pci *pci)
{
	struct pci_function *function = &pci->function;

	for (size_t i = 0; i < sizeof(structures) / sizeof(structures[0]); i++)
		add_structure(function, structures[i].type, structures[i].cap_len,
			      structures[i].page * PAGE_LEN, structures[i].length,
			      structures[i].extra);

	unsigned int at = add_structure(function, CAP_PCI, 20, 0, 0, 0);
	function->writable[at + CAP_BAR] = 0xff;
	memset(&function->writable[at + CAP_OFFSET], 0xff, 12); /* offset, length, data */
	pci->window_capability = at;
}

int virtio_pci_plug(struct pci_host *host, struct virtio_device *device)
{
	struct virtio_pci *pci = calloc(1, sizeof(*pci));

	if (!pci) {
		error("%s: out of memory", device->name);
		virtio_device_free(device);
		return -1;
	}
	struct pci_function *function = &pci->function;
	pci->machine = pci_machine(host);
	pci->device = device;
	function->ops = &ops;
	function->name = device->name;
	function->opaque = pci;
	pci_function_init(function, VENDOR, (uint16_t)(DEVICE_BASE + device->class->device_id),
			  device->class->pci_class);
	pci_config_set(function, PCI_SUBSYSTEM_VENDOR_ID, 2, VENDOR);
	pci_config_set(function, PCI_SUBSYSTEM_ID, 2, SUBSYSTEM);
	pci_config_set(function, PCI_INTERRUPT_PIN, 1, 1);
	pci_function_add_bar(function, VIRTIO_BAR, VIRTIO_BAR_LEN, bar_read, bar_write);
	add_structures(pci);
	if (msix_init(&pci->msix, function, MSIX_BAR, device->queue_count + 1, pci->machine))
		pci_function_add_bar(function, MSIX_BAR, MSIX_BAR_LEN, msix_read, msix_write);
	reset_registers(pci);
	virtio_device_attach(device, &transport, pci);
	if (pci_plug(host, function) == 0)
		return 0;
	virtio_pci_free(function);
	return -1;
}
