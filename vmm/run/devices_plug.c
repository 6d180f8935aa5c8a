/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the configuration asks for, and where they sit. */

#include "vmm/run/devices_plug.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "vmm/command/command.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/backends.h"
#include "vmm/run/disk_options.h"
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

static bool plug_backend(struct machine *machine, unsigned int index, const char *name)
{
	struct backend *backend = &machine->backends->each[index];
	const struct vhost_user_options options = {
		.type = backend->config->type,
		.tag = backend->config->tag,
		.mac = backend->config->mac,
		.mtu = config_backend_is_of(backend->config, "net")
			       ? machine->config->nets[backend->config->index].mtu
			       : 0,
		.who = backend->who,
		.path = backend->program ? NULL : backend->config->socket,
		.link = &backend->link,
	};

	backend_listen(backend, machine->loop);
	return plug_virtio(machine, virtio_vhost_user_new(machine, name, &options));
}

/* Of the disk or card with INDEX, which another process serves. */
static unsigned int backend_of(const struct config *config, const char *type, unsigned int index)
{
	unsigned int i = 0;

	while (!config_backend_is_of(&config->backends[i], type) ||
	       config->backends[i].index != index)
		i++;
	return i;
}

static bool plug_disk(struct machine *machine, unsigned int index, unsigned int queues)
{
	const struct config_disk *disk = &machine->config->disks[index];
	const struct disk_options options = {
		.path = disk->path,
		.read_only = disk->read_only,
		.direct = disk->direct,
		.raw = disk->raw,
		.share_rw = disk->share_rw,
		.again = !machine->first_life,
		.serial = disk->serial,
	};
	char name[16];

	snprintf(name, sizeof(name), "blk%u", index);
	if (disk_option_is_served(disk))
		return plug_backend(machine, backend_of(machine->config, "blk", index), name);
	return plug_virtio(machine, virtio_blk_new(machine, name, &options, queues));
}

static bool plug_disks(struct machine *machine)
{
	const struct config *config = machine->config;
	unsigned int queues = config->cpus < MAX_DISK_QUEUES ? config->cpus : MAX_DISK_QUEUES;

	for (unsigned int i = 0; i < config->disk_count; i++)
		if (!plug_disk(machine, i, queues))
			return false;
	return true;
}

/* All but those that are among the other disks and cards. */
static bool plug_backends(struct machine *machine)
{
	for (unsigned int i = 0; machine->backends && i < machine->backends->count; i++) {
		const struct config_backend *backend = machine->backends->each[i].config;
		char name[24];

		if (config_backend_is_of(backend, "blk") || config_backend_is_of(backend, "net"))
			continue;
		/* "fs0", and "vhost-blk1": blk1 is one of our own. */
		snprintf(name, sizeof(name), "%s%s%u", backend->share ? "" : "vhost-",
			 backend->type, i);
		if (!plug_backend(machine, i, name))
			return false;
	}
	return true;
}

static void unplug_backends(struct machine *machine)
{
	for (unsigned int i = 0; machine->backends && i < machine->backends->count; i++)
		backend_ignore(&machine->backends->each[i]);
}

/* Of a card on a tap interface: those that were asked for, or one a hart. */
static struct net_options tap_options(const struct config *config, const struct config_net *net)
{
	struct net_options options = {.mtu = net->mtu, .pairs_asked = net->queues};

	options.pairs = net->queues ? net->queues : config->cpus;
	if (options.pairs > NET_PAIRS_MOST)
		options.pairs = NET_PAIRS_MOST;
	memcpy(options.mac, net->mac, sizeof(net->mac));
	return options;
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

	if (net->tap) {
		const struct net_options card = tap_options(machine->config, net);

		return virtio_net_tap_new(machine, name, &card, net->tap, net->vhost);
	}
	memcpy(options.card.mac, net->mac, sizeof(net->mac));
	return virtio_net_user_new(machine, name, &options);
}

static bool plug_nets(struct machine *machine)
{
	const struct config *config = machine->config;

	for (unsigned int i = 0; i < config->net_count; i++) {
		const struct config_net *net = &config->nets[i];
		char name[16];
		bool good;

		snprintf(name, sizeof(name), "net%u", i);
		good = net->passt ? plug_backend(machine, backend_of(config, "net", i), name)
				  : plug_virtio(machine, make_net(machine, name, net));
		if (!good)
			return false;
	}
	return true;
}

/* A guest that nobody lives in has no use for it, and CMD does not listen. */
static bool has_power_key(const struct machine *machine)
{
	const struct config *config = machine->config;

	if (config->power_key != POWER_KEY_AUTO)
		return config->power_key == POWER_KEY_ON;
	if (config->command || (!config->disk_count && !config->firmware))
		return false;
	return machine->pci ? pci_host_has_room(machine->pci)
			    : machine->virtio_mmio_count < BOARD_VIRTIO_SLOTS;
}

static bool plug_power_key(struct machine *machine)
{
	struct virtio_device *key = virtio_power_key_new(machine, "power-key");

	if (!plug_virtio(machine, key))
		return false;
	machine->power_key = key;
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
	if (machine->config->watchdog != WATCHDOG_NONE) {
		machine->watchdog = watchdog_new(machine, MAP_WATCHDOG);
		if (!machine->watchdog)
			return false;
	}
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
	if (good && machine->config->vsock_cid)
		good = plug_virtio(machine, virtio_vhost_vsock_new(machine, "vsock0",
								   machine->config->vsock_cid));
	if (good && machine->config->rng)
		good = plug_virtio(machine, virtio_rng_new(machine, "rng0"));
	if (good && machine->config->balloon) {
		machine->balloon = virtio_balloon_new(machine, "balloon0");
		good = plug_virtio(machine, machine->balloon);
	}
	if (good && machine->config->command_run)
		good = plug_virtio(machine,
				   guest_command_device(machine->config->command_run, machine));
	/* Last: the others sit where they do without it. */
	if (good && has_power_key(machine))
		good = plug_power_key(machine);
	pthread_mutex_unlock(&machine->lock);
	return good;
}

void devices_unplug(struct machine *machine)
{
	machine->power_key = NULL;
	while (machine->virtio_mmio_count > 0)
		virtio_mmio_free(machine->virtio_mmio[--machine->virtio_mmio_count]);
	pci_host_free(machine->pci);
	unplug_backends(machine);
	uart_free(machine->uart);
	serials_unplug(machine->console.ends.serials);
	rtc_free(machine->rtc);
	watchdog_free(machine->watchdog);
	finisher_free(machine->finisher);
	htif_free(machine->htif);
	flash_free(machine->code);
	flash_free(machine->vars);
	machine->code = machine->vars = NULL;
	machine->pci = NULL;
	machine->uart = NULL;
	machine->rtc = NULL;
	machine->watchdog = NULL;
	machine->finisher = NULL;
	machine->htif = NULL;
	if (machine->config->command_run)
		guest_command_unplug(machine->config->command_run);
}
