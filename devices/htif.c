/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTIF, the host-target interface of Berkeley's simulators, as far as test programs use it: a
 * program has two words in its memory, `tohost` and `fromhost`, and writes commands into the first.
 * Nobody tells us of such a write, so the word is looked at now and then; who writes it waits.
 *
 * A command is device << 56 | command << 48 | payload (riscv-isa-sim, fesvr/device.h and
 * syscall.cc): device 0 is the system call proxy, device 1 the console. The proxy's payload is
 * odd for an exit, with the status above its lowest bit; else it is the address of eight words,
 * the number of a system call and its arguments, of which we know write() and exit().
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices.h"

#define LOOK_NS	     2000000u /* between two looks at a program that says nothing */
#define LOOK_SOON_NS 50000u   /* at one that has just said something */
#define PAYLOAD_MASK 0xffffffffffffull
#define WRITE_MOST   65536u /* bytes at a look */
#define NO_SYSCALL   ((uint64_t)-38)

enum { DEVICE_PROXY = 0, DEVICE_CONSOLE = 1 };
enum { CONSOLE_PUT = 1 };
enum { PROXY_WRITE = 64, PROXY_EXIT = 93 };

struct htif {
	struct machine *machine;
	uint64_t *tohost, *fromhost; /* in guest memory; FROMHOST may be NULL */
	struct loop_timer timer;
	uint64_t written; /* bytes of the write() that waits in TOHOST */
};

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void end(struct htif *htif, uint64_t status)
{
	machine_guest_status(htif->machine, status > UINT32_MAX ? UINT32_MAX : (uint32_t)status);
	machine_request_end(htif->machine, END_POWEROFF);
}

/* The command is done: the program may write the next one, and finds an answer. */
static void done(struct htif *htif, uint64_t answer)
{
	htif->written = 0;
	store(htif->tohost, 0);
	if (htif->fromhost)
		store(htif->fromhost, answer);
}

/* False: it is not yet done, for want of room. */
static bool proxy_write(struct htif *htif, const uint64_t *words, uint64_t *result)
{
	const uint64_t address = load(words + 2), len = load(words + 3);
	const uint8_t *bytes = guest_memory_at(machine_memory(htif->machine), address, len);

	*result = (uint64_t)-14; /* EFAULT */
	if (!bytes || htif->written > len)
		return true;
	const uint64_t left = len - htif->written;
	htif->written += machine_console_write(htif->machine, bytes + htif->written,
					       left < WRITE_MOST ? (size_t)left : WRITE_MOST);
	*result = len;
	return htif->written == len;
}

static void proxy(struct htif *htif, uint64_t payload)
{
	uint64_t *words, result = NO_SYSCALL;

	if (payload & 1) {
		end(htif, payload >> 1);
		return;
	}
	words = payload % sizeof(*words) == 0 ? guest_memory_at(machine_memory(htif->machine),
								payload, 8 * sizeof(*words))
					      : NULL;
	if (!words) {
		machine_guest_error(htif->machine, "htif", "no system call at 0x%" PRIx64, payload);
		done(htif, 1);
		return;
	}
	const uint64_t number = load(words);
	if (number == PROXY_EXIT) {
		end(htif, load(words + 1));
		return;
	}
	if (number == PROXY_WRITE && !proxy_write(htif, words, &result))
		return;
	if (result == NO_SYSCALL)
		machine_guest_error(htif->machine, "htif", "system call %" PRIu64 " is not known",
				    number);
	store(words, result);
	done(htif, 1);
}

static void console(struct htif *htif, uint64_t command, uint64_t payload)
{
	const uint8_t byte = (uint8_t)payload;

	if (command != CONSOLE_PUT)
		machine_guest_error(htif->machine, "htif", "console command %" PRIu64, command);
	else if (machine_console_write(htif->machine, &byte, 1) == 0)
		return;
	done(htif, (uint64_t)DEVICE_CONSOLE << 56 | command << 48);
}

static void obey(struct htif *htif, uint64_t value)
{
	const uint64_t device = value >> 56, command = value >> 48 & 0xff;

	if (device == DEVICE_PROXY && command == 0) {
		proxy(htif, value & PAYLOAD_MASK);
	} else if (device == DEVICE_CONSOLE) {
		console(htif, command, value & PAYLOAD_MASK);
	} else {
		machine_guest_error(htif->machine, "htif", "0x%" PRIx64 " is for no device", value);
		done(htif, 0);
	}
}

static void look(struct loop_timer *timer)
{
	struct htif *htif = timer->opaque;
	const uint64_t value = load(htif->tohost);

	if (value)
		obey(htif, value);
	loop_timer_set(machine_loop(htif->machine), timer, value ? LOOK_SOON_NS : LOOK_NS);
}

struct htif *htif_new(struct machine *machine, uint64_t tohost, uint64_t fromhost)
{
	const struct guest_memory *memory = machine_memory(machine);
	struct htif *htif = calloc(1, sizeof(*htif));

	if (!htif) {
		error("no memory for HTIF");
		return NULL;
	}
	htif->machine = machine;
	htif->tohost = tohost % sizeof(uint64_t)
			       ? NULL
			       : guest_memory_at(memory, tohost, sizeof(uint64_t));
	htif->fromhost = fromhost % sizeof(uint64_t)
				 ? NULL
				 : guest_memory_at(memory, fromhost, sizeof(uint64_t));
	htif->timer = (struct loop_timer){.expired = look, .opaque = htif};
	/* A word that is nowhere says nothing. */
	if (htif->tohost)
		loop_timer_set(machine_loop(machine), &htif->timer, LOOK_NS);
	return htif;
}

void htif_free(struct htif *htif)
{
	if (!htif)
		return;
	loop_timer_set(machine_loop(htif->machine), &htif->timer, 0);
	free(htif);
}
