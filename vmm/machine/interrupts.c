/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts into the guest (lines, MSIs) and doorbells out of it (ioeventfd). */

#include "vmm/machine/interrupts.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "vmm/machine/machine_private.h"

/* An MSI vector: an eventfd that KVM turns into the routed message (irqfd). */
struct msi {
	struct machine *machine;
	int event_fd;
	uint32_t gsi;
	bool routed;
	uint64_t address;
	uint32_t data;
};

static void wake_suspended(struct machine *machine)
{
	machine->wake_events++;
	pthread_cond_broadcast(&machine->wake);
}

void machine_irq_set(struct machine *machine, unsigned int line, bool level)
{
	if (level)
		wake_suspended(machine);
	/* Devices say their level after every access; what does not change needs no system call. */
	if (line >= LINE_COUNT || machine->line_high[line] == level)
		return;
	machine->line_high[line] = level;
	machine->set_line(machine, line, level);
}

void interrupts_set_line(struct machine *machine, unsigned int line, bool level)
{
	struct kvm_irq_level request = {.irq = line, .level = level};

	ioctl(machine->vm_fd, KVM_IRQ_LINE, &request);
}

void interrupts_set_external(void *opaque, unsigned int hart, bool level)
{
	struct machine *machine = opaque;
	struct kvm_interrupt request = {.irq = level ? KVM_INTERRUPT_SET : KVM_INTERRUPT_UNSET};

	ioctl(machine->vcpus[hart].fd, KVM_INTERRUPT, &request);
}

/* ---- MSI ---- */

bool machine_has_msi(struct machine *machine)
{
	return machine->has_aia;
}

/* KVM replaces its whole table at once: the APLIC's pins as they are by default, then the MSIs. */
int interrupts_commit_routes(struct machine *machine)
{
	struct kvm_irq_routing *table = calloc(
		1, sizeof(*table) + (LINE_COUNT + MACHINE_MAX_MSI) * sizeof(table->entries[0]));
	int result;

	if (!table)
		return -ENOMEM;
	for (unsigned int line = 0; line < LINE_COUNT; line++) {
		struct kvm_irq_routing_entry *entry = &table->entries[table->nr++];

		entry->gsi = line;
		entry->type = KVM_IRQ_ROUTING_IRQCHIP;
		entry->u.irqchip.pin = line;
	}
	for (unsigned int i = 0; i < MACHINE_MAX_MSI; i++) {
		const struct msi *msi = machine->msis[i];
		struct kvm_irq_routing_entry *entry = &table->entries[table->nr];

		if (!msi || !msi->routed)
			continue;
		table->nr++;
		entry->gsi = msi->gsi;
		entry->type = KVM_IRQ_ROUTING_MSI;
		entry->u.msi.address_lo = (uint32_t)msi->address;
		entry->u.msi.address_hi = (uint32_t)(msi->address >> 32);
		entry->u.msi.data = msi->data;
	}
	result = ioctl(machine->vm_fd, KVM_SET_GSI_ROUTING, table) < 0 ? -errno : 0;
	free(table);
	return result;
}

static int irqfd_ioctl(const struct msi *msi, int event_fd, uint32_t flags)
{
	struct kvm_irqfd request = {.fd = (uint32_t)event_fd, .gsi = msi->gsi, .flags = flags};

	return ioctl(msi->machine->vm_fd, KVM_IRQFD, &request) < 0 ? -errno : 0;
}

int machine_msi_add_irqfd(struct msi *msi, int event_fd)
{
	return irqfd_ioctl(msi, event_fd, 0);
}

void machine_msi_remove_irqfd(struct msi *msi, int event_fd)
{
	irqfd_ioctl(msi, event_fd, KVM_IRQFD_FLAG_DEASSIGN);
}

struct msi *machine_msi_new(struct machine *machine)
{
	struct msi *msi;
	unsigned int i = 0;

	while (i < MACHINE_MAX_MSI && machine->msis[i])
		i++;
	if (!machine->has_aia || i == MACHINE_MAX_MSI)
		return NULL;
	msi = calloc(1, sizeof(*msi));
	if (!msi)
		return NULL;
	*msi = (struct msi){.machine = machine,
			    .event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
			    .gsi = LINE_COUNT + i};
	if (msi->event_fd < 0 || machine_msi_add_irqfd(msi, msi->event_fd) < 0) {
		if (msi->event_fd >= 0)
			close(msi->event_fd);
		free(msi);
		return NULL;
	}
	machine->msis[i] = msi;
	return msi;
}

void machine_msi_free(struct msi *msi)
{
	if (!msi)
		return;
	machine_msi_remove_irqfd(msi, msi->event_fd);
	close(msi->event_fd);
	msi->machine->msis[msi->gsi - LINE_COUNT] = NULL;
	free(msi);
}

void machine_msi_route(struct msi *msi, uint64_t address, uint32_t data)
{
	int result;

	if (msi->routed && msi->address == address && msi->data == data)
		return;
	msi->routed = true;
	msi->address = address;
	msi->data = data;
	result = interrupts_commit_routes(msi->machine);
	if (result < 0)
		machine_guest_error(msi->machine, "msi", "no route for 0x%" PRIx64 ": %s", address,
				    strerror(-result));
}

void machine_msi_signal(struct msi *msi)
{
	const uint64_t one = 1;
	ssize_t written = write(msi->event_fd, &one, sizeof(one));

	(void)written; /* EAGAIN: the counter is full, so the interrupt is pending already */
	wake_suspended(msi->machine);
}

/* ---- doorbells ---- */

static int doorbell_ioctl(struct machine *machine, const struct doorbell *doorbell, uint32_t flags)
{
	struct kvm_ioeventfd request = {
		.addr = doorbell->gpa,
		.len = doorbell->len,
		.fd = doorbell->watch.fd,
		.datamatch = doorbell->data,
		.flags = flags | (doorbell->match ? (uint32_t)KVM_IOEVENTFD_FLAG_DATAMATCH : 0),
	};

	return ioctl(machine->vm_fd, KVM_IOEVENTFD, &request) < 0 ? -errno : 0;
}

/* That it rang is all that counts; how often has room in the eventfd for ever. */
static void doorbell_ready(struct loop_watch *watch, short revents)
{
	struct doorbell *doorbell = watch->opaque;

	(void)revents;
	doorbell->rung(doorbell);
}

int machine_doorbell_add(struct machine *machine, struct doorbell *doorbell)
{
	int result;

	doorbell->watch = (struct loop_watch){
		.fd = doorbell->event_fd ? doorbell->event_fd
					 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.events = POLLIN,
		.edge = true,
		.ready = doorbell_ready,
		.opaque = doorbell,
	};
	if (doorbell->watch.fd < 0)
		return -errno;
	result = doorbell_ioctl(machine, doorbell, 0);
	if (doorbell->event_fd)
		return result;
	if (result == 0)
		result = loop_watch_add(machine->loop, &doorbell->watch);
	if (result < 0)
		close(doorbell->watch.fd);
	return result;
}

void machine_doorbell_remove(struct machine *machine, struct doorbell *doorbell)
{
	doorbell_ioctl(machine, doorbell, KVM_IOEVENTFD_FLAG_DEASSIGN);
	if (doorbell->event_fd)
		return;
	loop_watch_remove(machine->loop, &doorbell->watch);
	close(doorbell->watch.fd);
}
