/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog of Allwinner's D1, a RISC-V system on a chip ("allwinner,sun20i-d1-wdt"): the one
 * with a driver in Debian's riscv64 kernels. Registers by Linux's drivers/watchdog/sunxi_wdt.c and
 * the D1's user manual, section 3.8. Time stands still for it while the machine is paused.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "devices/devices.h"

enum watchdog_register {
	REG_CTRL = 0x10, /* what is written restarts the time */
	REG_CFG = 0x14,	 /* what happens when it is over */
	REG_MODE = 0x18, /* whether it runs, and for how long */
};

#define CTRL_RESTART  1u
#define CTRL_KEY_MASK 0x1ffeu
#define CTRL_KEY      (0xa57u << 1)

/* Writes to CFG and MODE have this in their upper half; others change nothing. */
#define KEY_MASK 0xffff0000u
#define KEY	 0x16aa0000u

#define CFG_MASK  3u
#define CFG_RESET 1u /* of the whole system; 2: an interrupt only, which this one has not */

#define MODE_ENABLE	1u
#define MODE_TIME_SHIFT 4u
#define MODE_TIMES	12u
#define MODE_MASK	0xf1u

struct watchdog {
	struct machine *machine;
	struct mmio_region region;
	struct loop_timer timer;
	uint32_t cfg, mode;
};

/* Of the four bits in MODE; 0: reserved. */
static uint64_t time_of(uint32_t mode)
{
	static const uint16_t ms[MODE_TIMES] = {500,  1000, 2000,  3000,  4000,	 5000,
						6000, 8000, 10000, 12000, 14000, 16000};
	const uint32_t index = mode >> MODE_TIME_SHIFT;

	return index < MODE_TIMES ? ms[index] * (NS_PER_S / 1000) : 0;
}

static void restart(struct watchdog *watchdog)
{
	const bool runs = watchdog->mode & MODE_ENABLE;

	loop_timer_set(machine_loop(watchdog->machine), &watchdog->timer,
		       runs ? time_of(watchdog->mode) : 0);
}

static void expired(struct loop_timer *timer)
{
	struct watchdog *watchdog = timer->opaque;

	if (watchdog->cfg == CFG_RESET)
		machine_request_end(watchdog->machine, END_WATCHDOG);
	else
		machine_guest_error(watchdog->machine, "watchdog",
				    "its time is over, and it is not set to reset the machine");
}

static bool has_key(struct watchdog *watchdog, uint32_t value)
{
	if ((value & KEY_MASK) == KEY)
		return true;
	machine_guest_error(watchdog->machine, "watchdog", "0x%" PRIx32 " has no key", value);
	return false;
}

static void write_mode(struct watchdog *watchdog, uint32_t value)
{
	value &= MODE_MASK;
	if ((value >> MODE_TIME_SHIFT) >= MODE_TIMES) {
		machine_guest_error(watchdog->machine, "watchdog", "mode 0x%" PRIx32 " is reserved",
				    value);
		return;
	}
	watchdog->mode = value;
	restart(watchdog);
}

static uint32_t register_read(struct watchdog *watchdog, uint64_t offset)
{
	switch (offset) {
	case REG_CTRL: return 0;
	case REG_CFG: return watchdog->cfg;
	case REG_MODE: return watchdog->mode;
	default:
		machine_guest_error(watchdog->machine, "watchdog", "read of register 0x%" PRIx64,
				    offset);
		return 0;
	}
}

static void register_write(struct watchdog *watchdog, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_CTRL:
		if ((value & CTRL_KEY_MASK) == CTRL_KEY && value & CTRL_RESTART)
			restart(watchdog);
		break;
	case REG_CFG:
		if (has_key(watchdog, value))
			watchdog->cfg = value & CFG_MASK;
		break;
	case REG_MODE:
		if (has_key(watchdog, value))
			write_mode(watchdog, value);
		break;
	default:
		machine_guest_error(watchdog->machine, "watchdog", "write of register 0x%" PRIx64,
				    offset);
	}
}

static bool access_valid(struct watchdog *watchdog, uint64_t offset, unsigned int size)
{
	if (size == 4 && offset % 4 == 0)
		return true;
	machine_guest_error(watchdog->machine, "watchdog", "access of %u bytes at 0x%" PRIx64, size,
			    offset);
	return false;
}

static uint64_t watchdog_read(struct mmio_region *region, uint64_t offset, unsigned int size)
{
	struct watchdog *watchdog = region->opaque;

	return access_valid(watchdog, offset, size) ? register_read(watchdog, offset) : 0;
}

static void watchdog_write(struct mmio_region *region, uint64_t offset, unsigned int size,
			   uint64_t value)
{
	struct watchdog *watchdog = region->opaque;

	if (access_valid(watchdog, offset, size))
		register_write(watchdog, offset, (uint32_t)value);
}

struct watchdog *watchdog_new(struct machine *machine, uint64_t gpa)
{
	struct watchdog *watchdog = calloc(1, sizeof(*watchdog));
	int err;

	if (!watchdog) {
		error("no memory for the watchdog");
		return NULL;
	}
	watchdog->machine = machine;
	watchdog->timer = (struct loop_timer){.expired = expired, .opaque = watchdog};
	watchdog->region = (struct mmio_region){.name = "watchdog",
						.base = gpa,
						.len = WATCHDOG_LEN,
						.read = watchdog_read,
						.write = watchdog_write,
						.opaque = watchdog};
	err = machine_mmio_add(machine, &watchdog->region);
	if (err) {
		error("the watchdog cannot be placed at 0x%" PRIx64 ": %s", gpa, strerror(-err));
		free(watchdog);
		return NULL;
	}
	return watchdog;
}

void watchdog_free(struct watchdog *watchdog)
{
	if (!watchdog)
		return;
	loop_timer_set(machine_loop(watchdog->machine), &watchdog->timer, 0);
	machine_mmio_remove(watchdog->machine, &watchdog->region);
	free(watchdog);
}
