/* SPDX-License-Identifier: Apache-2.0 */
/* virtio over PCI, modern only (virtio 1.2, section 4.1). */

#include "devices/virtio_pci_common.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define VENDOR	       0x1af4u
#define DEVICE_BASE    0x1040u
#define SUBSYSTEM      0x1100u
#define NOTIFY_STRIDE  4u
#define NOTIFY_LEN     (VIRTIO_MAX_QUEUES * NOTIFY_STRIDE)
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
	{CAP_NOTIFY, PAGE_NOTIFY, 20, NOTIFY_LEN, NOTIFY_STRIDE},
	{CAP_ISR, PAGE_ISR, 16, 1, 0},
	{CAP_DEVICE, PAGE_DEVICE, 16, PAGE_LEN, 0},
};

#define ISR_QUEUE  1u
#define ISR_CONFIG 2u

/* ---- interrupts, sections 4.1.4.5 and 4.1.5 ---- */

static void raise(struct virtio_pci *pci, uint16_t vector, uint8_t isr_bit)
{
	bool msix = msix_enabled(&pci->msix);

	/* Section 4.1.4.5.1: with MSI-X too the ISR status tells of a changed configuration. */
	if (!msix || isr_bit == ISR_CONFIG)
		pci->isr |= isr_bit;
	if (msix)
		msix_signal(&pci->msix, vector);
	else
		virtio_pci_update_intx(pci);
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

static struct msi *interrupt_msi(struct virtio_device *device, unsigned int queue)
{
	const struct virtio_pci *pci = device->transport_state;

	return msix_enabled(&pci->msix) ? msix_open_msi(&pci->msix, pci->queue_vectors[queue])
					: NULL;
}

static const struct virtio_transport transport = {
	.name = "pci",
	.interrupt = interrupt,
	.config_changed = config_changed,
	.interrupt_msi = interrupt_msi,
};

/* ---- BAR 0 ---- */

static uint64_t bar_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct pci_function *function = region->opaque;
	struct virtio_pci *pci = function->opaque;
	uint64_t at = offset % PAGE_LEN;
	uint8_t isr;

	switch (offset / PAGE_LEN) {
	case PAGE_COMMON: return virtio_pci_common_read(pci, at, size);
	case PAGE_ISR:
		if (at != 0)
			return 0;
		isr = pci->isr;
		pci->isr = 0;
		virtio_pci_update_intx(pci);
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
	case PAGE_COMMON: virtio_pci_common_write(pci, at, size, (uint32_t)value); break;
	case PAGE_NOTIFY:
		virtio_device_kick(pci->device, (unsigned int)(at / NOTIFY_STRIDE));
		break;
	case PAGE_DEVICE: virtio_device_config_write(pci->device, at, size, value); break;
	default: virtio_pci_bad_access(pci, "a write to the ISR status", at, size); break;
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
		struct virtio_pci_doorbell *bell = &pci->doorbells[i];
		/* Section 4.1.5.2: the driver writes the queue's index, 16 bits. */
		bell->doorbell = (struct doorbell){
			.gpa = bar + PAGE_NOTIFY * PAGE_LEN + i * NOTIFY_STRIDE,
			.len = 2,
			.data = i,
			.event_fd = virtio_device_doorbell_fd(pci->device, i),
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
	if (function->bars[bar].mapped && !pci->device->doorbell_exits)
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
	if (*len == 0)
		return false; /* never set up: somebody dumps the whole config space */
	if (pci_config_get(function, capability + CAP_BAR, 1) == VIRTIO_BAR &&
	    (*len == 1 || *len == 2 || *len == 4) && *at % *len == 0 && *at < VIRTIO_BAR_LEN)
		return true;
	virtio_pci_bad_access(pci, "the window of the capability list points nowhere", *at, *len);
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
	virtio_device_interrupts_moved(pci->device);
	virtio_pci_update_intx(pci);
}

/* ---- BAR 1 ---- */

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
	virtio_device_interrupts_moved(pci->device);
}

static void virtio_pci_free(struct pci_function *function)
{
	struct virtio_pci *pci = function->opaque;

	virtio_device_free(pci->device);
	msix_free(&pci->msix);
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
	virtio_pci_common_reset(pci);
	virtio_device_attach(device, &transport, pci);
	if (pci_plug(host, function) == 0)
		return 0;
	virtio_pci_free(function);
	return -1;
}
