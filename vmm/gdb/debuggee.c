/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/debuggee.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "vmm/debug/names.h"
#include "vmm/debug/where.h"
#include "vmm/gdb/monitor.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/vcpu_stay.h"

static unsigned int harts(void *context)
{
	const struct debuggee *debuggee = context;

	return debuggee->control->config->cpus;
}

/* ---- holding ---- */

/* With the machine held: of this life's vCPUs. */
static void open_registers(struct debuggee *debuggee)
{
	if (debuggee->life == debuggee->control->lives)
		return;
	debuggee->life = debuggee->control->lives;
	for (unsigned int i = 0; i < debuggee->machine->vcpu_count; i++)
		registers_open(&debuggee->registers[i], debuggee->machine->vcpus[i].fd);
}

static bool hold(void *context)
{
	struct debuggee *debuggee = context;
	char why[CONTROL_ERROR_MAX];

	debuggee->machine = control_hold(debuggee->control, why);
	if (!debuggee->machine)
		return false;
	open_registers(debuggee);
	return true;
}

void debuggee_hold_lives(struct debuggee *debuggee, bool holds)
{
	struct control *control = debuggee->control;

	pthread_mutex_lock(&control->lock);
	control->start_paused = holds || control->config->paused;
	pthread_mutex_unlock(&control->lock);
}

static void let_go(void *context)
{
	struct debuggee *debuggee = context;

	debuggee->machine = NULL;
	control_let_go(debuggee->control);
}

/* ---- registers ---- */

static size_t register_size(void *context, const struct hart_register *which)
{
	const struct debuggee *debuggee = context;

	return registers_size(&debuggee->registers[0], which);
}

static bool read_register(void *context, unsigned int hart, const struct hart_register *which,
			  void *bytes)
{
	const struct debuggee *debuggee = context;

	return registers_read(&debuggee->registers[hart], which, bytes) == 0;
}

static bool write_register(void *context, unsigned int hart, const struct hart_register *which,
			   const void *bytes)
{
	const struct debuggee *debuggee = context;

	vcpu_stay(&debuggee->machine->vcpus[hart]);
	return registers_write(&debuggee->registers[hart], which, bytes) == 0;
}

static uint64_t get(const struct debuggee *debuggee, unsigned int hart, const char *name)
{
	uint64_t value;

	registers_get(&debuggee->registers[hart], name, &value);
	return value;
}

bool debuggee_pc(struct debuggee *debuggee, unsigned int hart, uint64_t *pc)
{
	if (!hold(debuggee))
		return false;
	*pc = get(debuggee, hart, "pc");
	let_go(debuggee);
	return true;
}

static void describe(void *context, unsigned int hart, char *text, size_t room)
{
	const struct debuggee *debuggee = context;
	struct hart_where where;

	where_read(&debuggee->machine->vcpus[hart], &where);
	snprintf(text, room, "%s%s", hart_activity_name(where.state.activity),
		 where.state.supervisor ? "" : ", U-mode");
}

/* ---- memory ---- */

static size_t read_memory(void *context, unsigned int hart, uint64_t address, void *bytes,
			  size_t len)
{
	const struct debuggee *debuggee = context;

	return breakpoints_read_memory(&debuggee->control->breakpoints, debuggee->machine,
				       get(debuggee, hart, "satp"), address, bytes, len);
}

static size_t write_memory(void *context, unsigned int hart, uint64_t address, const void *bytes,
			   size_t len)
{
	const struct debuggee *debuggee = context;

	return breakpoints_write_memory(&debuggee->control->breakpoints, debuggee->machine,
					get(debuggee, hart, "satp"), address, bytes, len);
}

/* ---- breakpoints ---- */

/* gdb's at ADDRESS; 0: there is none. */
static uint32_t find_breakpoint(const struct debuggee *debuggee, uint64_t address)
{
	struct breakpoint one;

	for (unsigned int i = 0; breakpoints_get(&debuggee->control->breakpoints, i, &one); i++)
		if (one.owner == BREAK_BY_GDB && one.address == address)
			return one.id;
	return 0;
}

static const char *insert(void *context, unsigned int hart, uint64_t address)
{
	const struct breakpoint wanted = {
		.owner = BREAK_BY_GDB, .hart = ANY_HART, .address = address};
	struct debuggee *debuggee = context;

	(void)hart;
	if (find_breakpoint(debuggee, address) ||
	    breakpoints_add(&debuggee->control->breakpoints, debuggee->machine, &wanted))
		return NULL;
	return "there are too many breakpoints, or this kernel's KVM brings none to vhart";
}

static const char *remove_one(void *context, unsigned int hart, uint64_t address)
{
	struct debuggee *debuggee = context;
	const uint32_t id = find_breakpoint(debuggee, address);

	(void)hart;
	if (id)
		breakpoints_remove(&debuggee->control->breakpoints, debuggee->machine, id);
	return NULL;
}

/* ---- running ---- */

static const char *resume(void *context, const struct gdb_action *actions)
{
	struct debuggee *debuggee = context;

	memcpy(debuggee->actions, actions, harts(debuggee) * sizeof(*actions));
	debuggee->go = true;
	return NULL;
}

static void interrupt(void *context)
{
	struct debuggee *debuggee = context;

	debuggee->stop = true;
}

static void leave(void *context)
{
	struct debuggee *debuggee = context;
	struct control *control = debuggee->control;
	char why[CONTROL_ERROR_MAX];

	debuggee_hold_lives(debuggee, false);
	if (!hold(debuggee))
		return;
	breakpoints_remove_all(&control->breakpoints, debuggee->machine, BREAK_BY_GDB);
	let_go(debuggee);
	control_resume(control, NULL, why);
}

static void kill_it(void *context)
{
	const struct debuggee *debuggee = context;
	struct machine *machine = control_take(debuggee->control);

	if (!machine)
		return;
	machine_request_end(machine, END_QUIT);
	control_release(debuggee->control);
}

static void monitor(void *context, const char *command, FILE *out)
{
	const struct debuggee *debuggee = context;

	gdb_monitor(debuggee->control, debuggee->fd, command, out);
}

static void say(void *context, const char *text)
{
	(void)context;
	note("gdb: %s", text);
}

/* Only Linux moves itself away from where it was linked. */
static bool kernel_start(void *context, uint64_t *address)
{
	const struct debuggee *debuggee = context;
	struct debug_names *names = debuggee->machine->names;
	uint64_t at;

	if (!debug_names_find(names) || !debug_names_address(names, "start_kernel", &at))
		return false;
	debug_names_move(names, get(debuggee, 0, "stvec"));
	return debug_names_address(names, "_start", address);
}

static void send_bytes(void *context, const void *bytes, size_t len)
{
	const struct debuggee *debuggee = context;
	const char *from = bytes;
	ssize_t sent = 1;

	/* Who does not read is found to be gone when it is read from. */
	for (; len > 0 && sent > 0; from += sent, len -= (size_t)sent) {
		sent = send(debuggee->fd, from, len, MSG_NOSIGNAL);
		if (sent < 0)
			shutdown(debuggee->fd, SHUT_RDWR);
	}
}

const struct gdb_target debuggee_target = {
	.harts = harts,
	.hold = hold,
	.let_go = let_go,
	.describe = describe,
	.register_size = register_size,
	.read_register = read_register,
	.write_register = write_register,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.insert = insert,
	.remove = remove_one,
	.resume = resume,
	.interrupt = interrupt,
	.monitor = monitor,
	.note = say,
	.kernel_start = kernel_start,
	.detach = leave,
	.kill = kill_it,
	.send = send_bytes,
};

/* So that the registers are known from the start. */
bool debuggee_look(struct debuggee *debuggee)
{
	const bool there = hold(debuggee);

	if (there)
		let_go(debuggee);
	return there;
}

bool debuggee_open(struct debuggee *debuggee, struct control *control, int fd)
{
	*debuggee = (struct debuggee){.control = control, .fd = fd};
	debuggee->registers = calloc(control->config->cpus, sizeof(*debuggee->registers));
	return debuggee->registers != NULL;
}

void debuggee_close(struct debuggee *debuggee)
{
	leave(debuggee);
	free(debuggee->registers);
	debuggee->registers = NULL;
}
