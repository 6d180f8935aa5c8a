/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console device with several ports, and what the guest's init says through one of them. After
 * a reset a port still carries bytes both ways.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "devices/ports.h"
#include "tests/fuzz/program.h"
#include "vmm/command/console_tail.h"
#include "vmm/command/outcome.h"

enum { CONTROL_TX = 3, PORTS = 3, PORT_READY = 3, PORT_OPEN = 6 };

struct host {
	size_t room, input, got;
	struct command_outcome outcome;
	struct console_tail tail;
};

/* The fuzzer runs one input at a time. */
static struct host host;

static size_t take(void *opaque, const void *bytes, size_t len)
{
	(void)opaque;
	if (len > host.room)
		len = host.room;
	host.room -= len;
	host.got += len;
	console_tail_add(&host.tail, bytes, len);
	return len;
}

static size_t hear(void *opaque, const void *bytes, size_t len)
{
	(void)opaque;
	outcome_hear(&host.outcome, bytes, len);
	return len;
}

static size_t give(void *opaque, void *bytes, size_t len)
{
	(void)opaque;
	if (len > host.input)
		len = host.input;
	memset(bytes, 'i', len);
	host.input -= len;
	return len;
}

static void say(struct guest_driver *driver, uint64_t port, uint64_t event, uint64_t value)
{
	const struct guest_buffer buffer = {.gpa = GUEST_DATA, .len = 8};

	fake_store(driver->machine, GUEST_DATA, 4, port);
	fake_store(driver->machine, GUEST_DATA + 4, 2, event);
	fake_store(driver->machine, GUEST_DATA + 6, 2, value);
	guest_driver_add(driver, CONTROL_TX, &buffer, 1);
	guest_driver_kick(driver, CONTROL_TX);
}

static void other_side(struct input *input, struct guest_driver *driver)
{
	const unsigned int port = (unsigned int)input_take(input, 1) % PORTS;

	switch (input_take(input, 1) % 4) {
	case 0: host.room = input_take(input, 2); break;
	case 1: host.input = input_take(input, 2); break;
	/* Port 0 stays open: it is looked at in the end. */
	case 2: ports_close(driver->device, port ? port : 1); return;
	default: say(driver, port, input_take(input, 1) % 9, input_take(input, 1)); return;
	}
	ports_go_on(driver->device, port);
}

static void ignore(const char *line)
{
	(void)line;
}

static void check_port(struct guest_driver *driver)
{
	const struct guest_buffer out = {.gpa = GUEST_DATA + 64, .len = 5};
	const struct guest_buffer in = {.gpa = GUEST_DATA + 128, .len = 7, .writable = true};

	host.room = 5;
	host.got = 0;
	guest_driver_add(driver, 1, &out, 1);
	guest_driver_kick(driver, 1);
	guest_driver_wait(driver, 1);
	say(driver, 0, PORT_OPEN, 1);
	host.input = 7;
	guest_driver_add(driver, 0, &in, 1);
	ports_go_on(driver->device, 0);
	if (host.got != 5 || guest_driver_wait(driver, 0) != 7)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct port_side sides[PORTS] = {
		{"both", take, give, NULL, NULL},
		{"control", hear, NULL, NULL, NULL},
		{"in", NULL, give, NULL, NULL},
	};
	struct input input = {.bytes = bytes, .left = size};
	struct machine machine;
	struct guest_driver driver;
	struct virtio_device *device;
	char words[64];

	host = (struct host){.room = input_take(&input, 1)};
	program_machine(&machine);
	device = virtio_ports_new(&machine, "ports", sides, PORTS);
	guest_driver_start(&driver, &machine, device, input_take(&input, 4) | 2);
	program_run(&input, &driver, other_side);
	console_tail_lines(&host.tail, 3, ignore);
	if (host.outcome.known) {
		outcome_words(&host.outcome, words, sizeof(words));
		if (outcome_status(&host.outcome) < 0 || outcome_status(&host.outcome) > 255)
			abort();
	}
	guest_driver_restart(&driver, 2);
	check_port(&driver);
	virtio_device_free(device);
	fake_machine_destroy(&machine);
	return 0;
}
