/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fake_machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/exit_status.h"

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fake_machine: %s\n", what);
	abort();
}

void fake_machine_init(struct machine *machine, uint64_t ram_size)
{
	fake_machine_init_over(machine, aligned_alloc(4096, ram_size), ram_size);
	machine->ram_is_tests = false;
}

void fake_machine_init_over(struct machine *machine, void *ram, uint64_t ram_size)
{
	require(ram, "out of memory");
	memset(machine, 0, sizeof(*machine));
	machine->memory.base = FAKE_RAM_BASE;
	machine->memory.size = ram_size;
	machine->memory.host = ram;
	machine->ram_is_tests = true;
	memset(ram, 0, ram_size);
	pthread_mutex_init(&machine->lock, NULL);
	machine->msi_limit = FAKE_MSIS;
	machine->output_room = SIZE_MAX;
}

bool fake_machine_init_loop(struct machine *machine, uint64_t ram_size)
{
	fake_machine_init(machine, ram_size);
	machine->loop = loop_new(&machine->lock);
	if (machine->loop)
		return true;
	fake_machine_destroy(machine);
	return false;
}

void fake_machine_destroy(struct machine *machine)
{
	require(machine->region_count == 0, "an MMIO region was left behind");
	require(machine->doorbell_count == 0, "a doorbell was left behind");
	require(machine->msi_count == 0, "an MSI was left behind");
	if (machine->loop)
		loop_free(machine->loop);
	pthread_mutex_destroy(&machine->lock);
	if (!machine->ram_is_tests)
		free(machine->memory.host);
}

const struct guest_memory *machine_memory(struct machine *machine)
{
	return &machine->memory;
}

struct loop *machine_loop(struct machine *machine)
{
	return machine->loop;
}

/* ---- interrupts ---- */

void machine_irq_set(struct machine *machine, unsigned int line, bool level)
{
	require(line > 0 && line < FAKE_LINES, "no such interrupt line");
	if (level && !machine->line[line])
		machine->rises[line]++;
	machine->line[line] = level;
}

bool machine_has_msi(struct machine *machine)
{
	return !machine->msi_absent;
}

struct msi *machine_msi_new(struct machine *machine)
{
	if (machine->msi_absent || machine->msi_count == machine->msi_limit)
		return NULL;
	struct msi *msi = calloc(1, sizeof(*msi));
	require(msi, "out of memory");
	msi->machine = machine;
	machine->msi_count++;
	return msi;
}

void machine_msi_free(struct msi *msi)
{
	if (!msi)
		return;
	msi->machine->msi_count--;
	free(msi);
}

void machine_msi_route(struct msi *msi, uint64_t address, uint32_t data)
{
	msi->address = address;
	msi->data = data;
	msi->routed++;
}

void machine_msi_signal(struct msi *msi)
{
	struct machine *machine = msi->machine;
	unsigned int slot = machine->msi_signals++ % FAKE_MSI_LOG;

	msi->signals++;
	machine->msi_log[slot].address = msi->address;
	machine->msi_log[slot].data = msi->data;
}

unsigned int fake_msi_signals(const struct machine *machine, uint64_t address, uint32_t data)
{
	unsigned int logged = machine->msi_signals;
	unsigned int found = 0;

	if (logged > FAKE_MSI_LOG)
		logged = FAKE_MSI_LOG;
	for (unsigned int i = 0; i < logged; i++)
		found += machine->msi_log[i].address == address && machine->msi_log[i].data == data;
	return found;
}

/* ---- MMIO ---- */

int machine_mmio_add(struct machine *machine, struct mmio_region *region)
{
	for (unsigned int i = 0; i < machine->region_count; i++) {
		const struct mmio_region *other = machine->regions[i];
		if (region->base < other->base + other->len &&
		    other->base < region->base + region->len)
			return -EEXIST;
	}
	require(machine->region_count < FAKE_REGIONS, "too many MMIO regions");
	machine->regions[machine->region_count++] = region;
	return 0;
}

void machine_mmio_remove(struct machine *machine, struct mmio_region *region)
{
	for (unsigned int i = 0; i < machine->region_count; i++) {
		if (machine->regions[i] == region) {
			machine->regions[i] = machine->regions[--machine->region_count];
			return;
		}
	}
	require(false, "an MMIO region is removed that was never added");
}

int machine_doorbell_add(struct machine *machine, struct doorbell *doorbell)
{
	if (machine->doorbells_refused || machine->doorbell_count == FAKE_DOORBELLS)
		return -ENOSPC;
	for (unsigned int i = 0; i < machine->doorbell_count; i++)
		require(machine->doorbells[i] != doorbell, "a doorbell is added twice");
	machine->doorbells[machine->doorbell_count++] = doorbell;
	return 0;
}

void machine_doorbell_remove(struct machine *machine, struct doorbell *doorbell)
{
	for (unsigned int i = 0; i < machine->doorbell_count; i++) {
		if (machine->doorbells[i] == doorbell) {
			machine->doorbells[i] = machine->doorbells[--machine->doorbell_count];
			return;
		}
	}
	require(false, "a doorbell is removed that was never added");
}

static struct mmio_region *region_at(const struct machine *machine, uint64_t gpa, unsigned int size)
{
	for (unsigned int i = 0; i < machine->region_count; i++) {
		struct mmio_region *region = machine->regions[i];
		if (gpa >= region->base && gpa - region->base < region->len &&
		    size <= region->len - (gpa - region->base))
			return region;
	}
	return NULL;
}

static struct doorbell *doorbell_at(const struct machine *machine, uint64_t gpa, unsigned int size,
				    uint64_t value)
{
	for (unsigned int i = 0; i < machine->doorbell_count; i++) {
		struct doorbell *doorbell = machine->doorbells[i];
		if (doorbell->gpa == gpa && (doorbell->len == 0 || doorbell->len == size) &&
		    (!doorbell->match || doorbell->data == value))
			return doorbell;
	}
	return NULL;
}

uint64_t fake_read(struct machine *machine, uint64_t gpa, unsigned int size)
{
	struct mmio_region *region = region_at(machine, gpa, size);

	if (!region) {
		machine->unclaimed++;
		return 0;
	}
	uint64_t value = region->read(region, gpa - region->base, size);
	require(size == 8 || value >> size * 8 == 0, "a read gave more bits than were asked for");
	return value;
}

void fake_write(struct machine *machine, uint64_t gpa, unsigned int size, uint64_t value)
{
	if (size < 8)
		value &= (1ull << size * 8) - 1;

	struct doorbell *doorbell = doorbell_at(machine, gpa, size, value);
	if (doorbell) {
		machine->doorbells_rung++;
		doorbell->rung(doorbell);
		return;
	}
	struct mmio_region *region = region_at(machine, gpa, size);
	if (region)
		region->write(region, gpa - region->base, size, value);
	else
		machine->unclaimed++;
}

bool fake_claimed(const struct machine *machine, uint64_t gpa)
{
	return region_at(machine, gpa, 1);
}

/* ---- RAM ---- */

uint64_t fake_load(const struct machine *machine, uint64_t gpa, unsigned int size)
{
	const uint8_t *from = guest_memory_at(&machine->memory, gpa, size);
	uint64_t value = 0;

	require(from, "a test reads outside RAM");
	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)from[i] << i * 8;
	return value;
}

void fake_store(struct machine *machine, uint64_t gpa, unsigned int size, uint64_t value)
{
	uint8_t *to = guest_memory_at(&machine->memory, gpa, size);

	require(to, "a test writes outside RAM");
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> i * 8);
}

/* ---- console ---- */

void machine_console_attach(struct machine *machine, struct console_device *device)
{
	machine->console = device;
}

size_t machine_console_write(struct machine *machine, const void *bytes, size_t len)
{
	size_t left = sizeof(machine->output) - machine->output_len;

	if (len > machine->output_room)
		len = machine->output_room;
	machine->output_room -= len;
	/* What no longer fits is taken all the same: a fuzzer may print without end. */
	memcpy(machine->output + machine->output_len, bytes, len < left ? len : left);
	machine->output_len += len < left ? len : left;
	return len;
}

size_t machine_console_read(struct machine *machine, void *bytes, size_t len)
{
	if (len > machine->input_len)
		len = machine->input_len;
	if (len == 0)
		return 0;
	memcpy(bytes, machine->input, len);
	machine->input += len;
	machine->input_len -= len;
	return len;
}

bool machine_console_wait(struct machine *machine)
{
	if (!machine->output_room)
		machine->output_room = machine->waits_make_room;
	return machine->output_room > 0;
}

void fake_console_type(struct machine *machine, const char *bytes, size_t len)
{
	machine->input = bytes;
	machine->input_len = len;
	if (machine->console)
		machine->console->input(machine->console);
}

void fake_console_make_room(struct machine *machine, size_t room)
{
	machine->output_room = room;
	if (machine->console)
		machine->console->room(machine->console);
}

/* ---- the rest ---- */

void machine_request_end(struct machine *machine, enum machine_end end)
{
	if (machine->end == END_NONE)
		machine->end = end;
}

void machine_system_reset(struct machine *machine, uint32_t type, uint32_t reason)
{
	machine->reset_type = type;
	machine->reset_reason = reason;
	machine_request_end(machine, srst_end(type, reason));
}

void machine_guest_status(struct machine *machine, uint32_t status)
{
	machine->has_status = true;
	machine->status = status;
}

void machine_guest_error(struct machine *machine, const char *who, const char *format, ...)
{
	va_list arguments;
	int len = snprintf(machine->guest_error, sizeof(machine->guest_error), "%s: ", who);

	va_start(arguments, format);
	if (len > 0 && (size_t)len < sizeof(machine->guest_error))
		vsnprintf(machine->guest_error + len, sizeof(machine->guest_error) - (size_t)len,
			  format, arguments);
	va_end(arguments);
	machine->guest_errors++;
}

/* The test is the only thread and holds no lock: the wait is a run of the loop. */
void machine_wait_idle(struct machine *machine, const unsigned int *count)
{
	while (*count) {
		require(machine->loop, "waits for I/O without a loop");
		machine->waiting = true;
		require(loop_run(machine->loop) == 0, "the loop failed");
		machine->waiting = false;
	}
}

void machine_idle(struct machine *machine)
{
	if (machine->waiting)
		loop_stop(machine->loop);
}

void machine_lock(struct machine *machine)
{
	if (machine->released) {
		machine->released = false;
		return;
	}
	pthread_mutex_lock(&machine->lock);
	machine->locked = true;
}

/* Devices are called without the lock here, and may release it all the same. */
void machine_unlock(struct machine *machine)
{
	require(!machine->released, "the lock is released twice");
	if (!machine->locked) {
		machine->released = true;
		return;
	}
	machine->locked = false;
	pthread_mutex_unlock(&machine->lock);
}

static void run_is_over(struct loop_timer *timer)
{
	struct machine *machine = timer->opaque;

	loop_stop(machine->loop);
}

void fake_machine_run_for(struct machine *machine, uint64_t ns)
{
	struct loop_timer timer = {.expired = run_is_over, .opaque = machine};

	loop_timer_set(machine->loop, &timer, ns);
	require(loop_run(machine->loop) == 0, "the loop failed");
	loop_timer_set(machine->loop, &timer, 0);
}

void fake_machine_run_idle(struct machine *machine, const unsigned int *count)
{
	machine_wait_idle(machine, count);
}
