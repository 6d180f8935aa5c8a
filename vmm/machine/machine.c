/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's services to its devices and its SBI: base/machine.h. */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"

#define GUEST_ERROR_LINES_PER_S 4u
#define GUEST_ERROR_LINES	100u /* in a life: a guest must not fill the user's log */

const struct guest_memory *machine_memory(struct machine *machine)
{
	return &machine->memory;
}

struct loop *machine_loop(struct machine *machine)
{
	return machine->loop;
}

int machine_mmio_add(struct machine *machine, struct mmio_region *region)
{
	return bus_add(&machine->bus, region);
}

void machine_mmio_remove(struct machine *machine, struct mmio_region *region)
{
	bus_remove(&machine->bus, region);
}

void machine_console_attach(struct machine *machine, struct console_device *device)
{
	console_attach(&machine->console, device);
}

size_t machine_console_write(struct machine *machine, const void *bytes, size_t len)
{
	size_t done = console_write(&machine->console, bytes, len);

	if (machine->watcher && done)
		machine->watcher->console(machine->watcher->opaque, bytes, done);
	return done;
}

size_t machine_console_read(struct machine *machine, void *bytes, size_t len)
{
	return console_read(&machine->console, bytes, len);
}

bool machine_console_size(struct machine *machine, uint16_t *columns, uint16_t *rows)
{
	return console_size(&machine->console, columns, rows);
}

/* Of the calling thread; NULL: it is none. */
static struct vcpu *own_vcpu(struct machine *machine)
{
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		if (pthread_equal(machine->vcpus[i].thread, pthread_self()))
			return &machine->vcpus[i];
	return NULL;
}

/* A hart that waits in a device is held there: its instruction is not over, but nothing moves.
 * True: it was, and the lock was released meanwhile. */
static bool be_held(struct machine *machine)
{
	struct vcpu *vcpu = own_vcpu(machine);

	if (!vcpu || !atomic_load(&vcpu->hold) || atomic_load(&machine->stopping))
		return false;
	machine_unlock(machine);
	pause_point(vcpu);
	machine_lock(machine);
	return true;
}

bool machine_console_wait(struct machine *machine)
{
	while (!console_has_room(&machine->console)) {
		if (atomic_load(&machine->stopping))
			return false;
		/* Looked at before each wait: who asked before this hart came has waked nobody. */
		if (!be_held(machine))
			pthread_cond_wait(&machine->idle, &machine->lock);
	}
	return true;
}

void machine_lock(struct machine *machine)
{
	pthread_mutex_lock(&machine->lock);
}

void machine_unlock(struct machine *machine)
{
	pthread_mutex_unlock(&machine->lock);
}

void machine_wait_idle(struct machine *machine, const unsigned int *count)
{
	while (*count > 0)
		pthread_cond_wait(&machine->idle, &machine->lock);
}

bool machine_wait_answers(struct machine *machine, const unsigned int *count)
{
	while (*count > 0 && !atomic_load(&machine->stopping))
		pthread_cond_wait(&machine->idle, &machine->lock);
	return *count == 0;
}

void machine_outsider_add(struct machine *machine, struct machine_outsider *outsider)
{
	outsider->next = machine->outsiders;
	machine->outsiders = outsider;
}

void machine_outsider_remove(struct machine *machine, struct machine_outsider *outsider)
{
	struct machine_outsider **at = &machine->outsiders;

	while (*at != outsider)
		at = &(*at)->next;
	*at = outsider->next;
}

void machine_idle(struct machine *machine)
{
	pthread_cond_broadcast(&machine->idle);
}

bool machine_end_is_from_outside(enum machine_end end)
{
	return end == END_TIMEOUT || end == END_QUIT || end == END_SIGNAL;
}

static bool set_end(struct machine *machine, enum machine_end end)
{
	int before = END_NONE;

	while (!atomic_compare_exchange_strong(&machine->end, &before, (int)end))
		if (!machine_end_is_reset((enum machine_end)before) ||
		    !machine_end_is_from_outside(end))
			return false;
	loop_stop(machine->loop);
	return true;
}

enum machine_end machine_final_end(struct machine *machine)
{
	return (enum machine_end)(atomic_fetch_or(&machine->end, END_IS_FINAL) & ~END_IS_FINAL);
}

void machine_request_end(struct machine *machine, enum machine_end end)
{
	set_end(machine, end);
}

void machine_guest_status(struct machine *machine, uint32_t status)
{
	atomic_store(&machine->status, GUEST_STATUS_GIVEN | status);
}

void machine_system_reset(struct machine *machine, uint32_t type, uint32_t reason)
{
	uint32_t status;

	if (srst_status(reason, &status))
		machine_guest_status(machine, status);
	if (set_end(machine, srst_end(type, reason)))
		machine->said = (struct guest_end){.reset = true, .type = type, .reason = reason};
}

void machine_guest_error(struct machine *machine, const char *who, const char *format, ...)
{
	uint64_t second;
	char text[200];
	bool print;
	va_list args;

	atomic_fetch_add(&machine->guest_errors, 1);
	/* A guest that errs in a loop costs a count, no more. */
	if (atomic_load(&machine->guest_error_lines_total) >= GUEST_ERROR_LINES)
		return;
	second = clock_now() / NS_PER_S;
	pthread_mutex_lock(&machine->guest_error_lock);
	if (machine->guest_error_window != second) {
		machine->guest_error_window = second;
		machine->guest_error_lines = 0;
	}
	print = machine->guest_error_lines < GUEST_ERROR_LINES_PER_S;
	machine->guest_error_lines += print;
	atomic_fetch_add(&machine->guest_error_lines_total, print);
	pthread_mutex_unlock(&machine->guest_error_lock);
	if (!print)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	warning("guest error: %s: %s", who, text);
	if (machine->watcher)
		machine->watcher->guest_error(machine->watcher->opaque, text);
}
