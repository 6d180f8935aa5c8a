/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the configuration asks for, and where they sit. */

#include "vmm/run/devices_plug.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "vmm/command/command.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/backends.h"
#include "vmm/run/serial.h"

#define MAX_DISK_QUEUES 16u

/* Takes DEVICE (NULL: its constructor said why) to the transport that was asked for. */
static bool plug_virtio(struct machine *machine, struct virtio_device *device)
{
	unsigned int slot = machine->virtio_mmio_count;

	if (!device)
		return false;
	if (machine->pci)
		return virtio_pci_plug(machine->pci, device) == 0;
	if (slot == BOARD_VIRTIO_SLOTS) {
		error("more than %u virtio-mmio devices: use --transport pci", BOARD_VIRTIO_SLOTS);
		virtio_device_free(device);
		return false;
	}
	machine->virtio_mmio[slot] = virtio_mmio_new(
		machine, device, MAP_VIRTIO + slot * MAP_VIRTIO_STRIDE, LINE_VIRTIO + slot);
	machine->virtio_mmio_count += machine->virtio_mmio[slot] != NULL;
	return machine->virtio_mmio[slot] != NULL;
}

static bool plug_disks(struct machine *machine)
{
	const struct config *config = machine->config;
	unsigned int queues = config->cpus < MAX_DISK_QUEUES ? config->cpus : MAX_DISK_QUEUES;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct config_disk *disk = &config->disks[i];
		const struct disk_options options = {
			.path = disk->path,
			.read_only = disk->read_only,
			.direct = disk->direct,
			.raw = disk->raw,
			.serial = disk->serial,
		};
		char name[16];

		snprintf(name, sizeof(name), "blk%u", i);
		if (!plug_virtio(machine, virtio_blk_new(machine, name, &options, queues)))
			return false;
	}
	return true;
}

static bool plug_backend(struct machine *machine, unsigned int index)
{
	struct backend *backend = &machine->backends->each[index];
	const struct vhost_user_options options = {
		.type = backend->config->type,
		.tag = backend->config->tag,
		.mac = backend->config->mac,
		.who = backend->who,
		.link = &backend->link,
	};
	char name[24];

	/* "fs0", and "vhost-blk1": blk1 is one of our own. */
	snprintf(name, sizeof(name), "%s%s%u", backend->config->share ? "" : "vhost-",
		 backend->config->type, index);
	backend_listen(backend, machine->loop);
	return plug_virtio(machine, virtio_vhost_user_new(machine, name, &options));
}

static bool plug_backends(struct machine *machine)
{
	for (unsigned int i = 0; machine->backends && i < machine->backends->count; i++)
		if (!plug_backend(machine, i))
			return false;
	return true;
}

static void unplug_backends(struct machine *machine)
{
	for (unsigned int i = 0; machine->backends && i < machine->backends->count; i++)
		backend_ignore(&machine->backends->each[i]);
}

static struct virtio_device *make_net(struct machine *machine, const char *name,
				      const struct config_net *net)
{
	struct net_user_options options = {
		.card.mtu = net->mtu,
		.subnet = net->subnet,
		.forwards = net->forwards,
		.forward_count = net->forward_count,
	};

	memcpy(options.card.mac, net->mac, sizeof(net->mac));
	return net->tap ? virtio_net_tap_new(machine, name, &options.card, net->tap)
			: virtio_net_user_new(machine, name, &options);
}

static bool plug_nets(struct machine *machine)
{
	const struct config *config = machine->config;

	for (unsigned int i = 0; i < config->net_count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "net%u", i);
		if (!plug_virtio(machine, make_net(machine, name, &config->nets[i])))
			return false;
	}
	return true;
}

static bool plug_platform(struct machine *machine)
{
	const struct pci_layout layout = {
		.ecam = MAP_PCI_ECAM,
		.window = MAP_PCI_MEM,
		.window_len = MAP_PCI_MEM_LEN,
		.intx = {LINE_PCI_INTA, LINE_PCI_INTA + 1, LINE_PCI_INTA + 2, LINE_PCI_INTA + 3},
	};

	machine->finisher = finisher_new(machine, MAP_FINISHER);
	machine->rtc = rtc_new(machine, MAP_RTC, LINE_RTC);
	if (!machine->finisher || !machine->rtc)
		return false;
	if (machine->config->console == CONSOLE_SERIAL) {
		machine->uart = uart_new(machine, MAP_UART, LINE_UART);
		if (!machine->uart)
			return false;
	}
	if (!serials_plug(machine->console.ends.serials, machine))
		return false;
	if (machine->config->transport == TRANSPORT_PCI) {
		machine->pci = pci_host_new(machine, &layout);
		return machine->pci && pvpanic_pci_plug(machine->pci) == 0;
	}
	return true;
}

bool devices_plug(struct machine *machine)
{
	bool good;

	pthread_mutex_lock(&machine->lock);
	good = plug_platform(machine) && plug_disks(machine) && plug_nets(machine) &&
	       plug_backends(machine);
	if (good && machine->config->console == CONSOLE_VIRTIO)
		good = plug_virtio(machine, virtio_console_new(machine, "console0"));
	if (good && machine->config->rng)
		good = plug_virtio(machine, virtio_rng_new(machine, "rng0"));
	if (good && machine->config->balloon) {
		machine->balloon = virtio_balloon_new(machine, "balloon0");
		good = plug_virtio(machine, machine->balloon);
	}
	if (good && machine->config->command_run)
		good = plug_virtio(machine,
				   guest_command_device(machine->config->command_run, machine));
	pthread_mutex_unlock(&machine->lock);
	return good;
}

void devices_unplug(struct machine *machine)
{
	while (machine->virtio_mmio_count > 0)
		virtio_mmio_free(machine->virtio_mmio[--machine->virtio_mmio_count]);
	pci_host_free(machine->pci);
	unplug_backends(machine);
	uart_free(machine->uart);
	serials_unplug(machine->console.ends.serials);
	rtc_free(machine->rtc);
	finisher_free(machine->finisher);
	htif_free(machine->htif);
	machine->pci = NULL;
	machine->uart = NULL;
	machine->rtc = NULL;
	machine->finisher = NULL;
	machine->htif = NULL;
	if (machine->config->command_run)
		guest_command_unplug(machine->config->command_run);
}
