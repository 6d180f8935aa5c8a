/* SPDX-License-Identifier: Apache-2.0 */
/* The verb for a Linux guest's magic SysRq key. */
#include <ctype.h>

#include "devices/devices.h"
#include "vmm/control/verbs.h"
#include "vmm/machine/machine_private.h"

/* Control-O: SysRq of a virtio console (drivers/tty/hvc/hvc_console.c). */
#define HVC_SYSRQ '\017'

static bool by_uart(struct verb_call *call, char key)
{
	return uart_break(call->machine->uart, (uint8_t)key) ||
	       verb_fail(call, "sysrq",
			 "no driver of the guest takes it from the UART: the guest is not that far "
			 "or hangs with its interrupts off");
}

static bool by_virtio(struct verb_call *call, char key)
{
	const char keys[] = {HVC_SYSRQ, key};

	return console_type(&call->machine->console, keys, sizeof(keys)) == sizeof(keys) ||
	       verb_fail(call, "sysrq", "the guest does not read its console");
}

static const struct {
	const char *by;
	bool (*press)(struct verb_call *call, char key);
} ways[] = {
	[CONSOLE_SERIAL] = {"uart", by_uart},
	[CONSOLE_VIRTIO] = {"virtio", by_virtio},
	[CONSOLE_NONE] = {NULL, NULL},
};

bool verb_sysrq(struct verb_call *call)
{
	const struct verb_value *key = &call->args[0];
	enum config_console console = call->machine->config->console;
	bool pressed;

	if (key->len != 1 || !isgraph((unsigned char)key->text[0]))
		return verb_fail(call, "sysrq", "expected one character, such as t");
	if (!ways[console].press)
		return verb_fail(call, "sysrq", "the guest has no console (--console none)");
	machine_lock(call->machine);
	pressed = ways[console].press(call, key->text[0]);
	machine_unlock(call->machine);
	json_object_object_add(call->result, "by", json_object_new_string(ways[console].by));
	return pressed;
}
