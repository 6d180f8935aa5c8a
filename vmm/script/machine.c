/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/script/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/writer.h"
#include "vmm/control/server.h"
#include "vmm/gdb/server.h"
#include "vmm/machine/console_log.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/calling_hart.h"
#include "vmm/run/config_file.h"
#include "vmm/run/hart_report.h"
#include "vmm/run/lives.h"
#include "vmm/run/overriding.h"
#include "vmm/run/run_options.h"
#include "vmm/run/serial.h"
#include "vmm/script/sbi_call.h"
#include "vmm/script/state.h"

/* ---- what it tells ---- */

static bool started(void *opaque, struct machine *machine)
{
	struct script_machine *own = opaque;

	return own->control.watcher.started(&own->control, machine);
}

static void ending(void *opaque, struct machine *machine)
{
	struct script_machine *own = opaque;

	own->control.watcher.ending(&own->control, machine);
}

static void console(void *opaque, const void *bytes, size_t len)
{
	struct script_machine *own = opaque;
	struct script *script = own->script;

	pthread_mutex_lock(&script->wait_lock);
	console_text_add(&own->console, bytes, len);
	pthread_cond_broadcast(&script->changed);
	pthread_mutex_unlock(&script->wait_lock);
	own->control.watcher.console(&own->control, bytes, len);
}

static void guest_error(void *opaque, const char *text)
{
	struct script_machine *own = opaque;

	own->control.watcher.guest_error(&own->control, text);
}

static bool stopped_at(void *opaque, struct vcpu *vcpu, uint64_t pc)
{
	struct script_machine *own = opaque;
	const struct machine_watcher *next = &own->control.watcher;

	return next->stopped_at && next->stopped_at(&own->control, vcpu, pc);
}

static void tell_exit(void *opaque, struct machine *machine, const struct guest_exit *seen)
{
	struct script_machine *own = opaque;

	script_exits_tell(&own->exits, machine, seen);
}

void script_machine_watch_exits(struct script_machine *machine)
{
	atomic_store_explicit(&machine->watcher.exit, tell_exit, memory_order_release);
}

/* ---- what a call needs of it ---- */

static void delay(struct machine *machine, unsigned int hart, uint64_t ns)
{
	vcpu_delay(&machine->vcpus[hart], ns);
}

static int get_register(struct machine *machine, const struct sbi_call *call,
			const struct hart_register *which, uint64_t *value)
{
	return calling_hart_get(&machine->vcpus[call->hart], call, which, value);
}

static int set_register(struct machine *machine, const struct sbi_call *call,
			const struct hart_register *which, uint64_t value)
{
	return calling_hart_set(&machine->vcpus[call->hart], call, which, value);
}

static const struct script_guest_ops guest_ops = {
	.delay = delay, .get = get_register, .set = set_register};

/* ---- life ---- */

bool script_machine_init(struct script_machine *machine, struct script *script, int count,
			 unsigned int number)
{
	static char command[] = "run";

	machine->script = script;
	machine->nowhere = -1;
	machine->words[0] = command;
	if (options_parse(count + 1, machine->words, &machine->config) != 0)
		return false;
	if (machine->config.command) {
		error("a machine of a script has no -- CMD");
		return false;
	}
	if (machine->config.help || machine->config.exit_log || machine->config.dump_fdt ||
	    machine->config.result || machine->config.daemonize || machine->config.pidfile) {
		error("a machine of a script has no --help, --print-config, --exit-log, "
		      "--dump-fdt, --result, --daemonize and --pidfile");
		return false;
	}
	if (!machine->config.name) {
		snprintf(machine->name, sizeof(machine->name), "vm%u", number);
		machine->config.name = machine->name;
	}
	machine->config.no_signals = true;
	control_init(&machine->control, &machine->config);
	machine->controlled = true;
	machine->watcher = (struct machine_watcher){.started = started,
						    .ending = ending,
						    .console = console,
						    .guest_error = guest_error,
						    .stopped_at = stopped_at,
						    .opaque = machine};
	machine->events = events_new(&machine->control.hub, EVENTS_ALL & ~EVENT_BIT(EVENT_CONSOLE));
	if (!machine->events)
		error("%s: no memory or descriptor: %s", machine->config.name, strerror(errno));
	return machine->events != NULL;
}

static void close_streams(struct script_machine *machine)
{
	writer_free(machine->ends.out);
	machine->ends.out = NULL;
	console_log_close(machine->ends.log, false);
	machine->ends.log = NULL;
	serials_close(machine->ends.serials, false);
	machine->ends.serials = NULL;
	if (machine->nowhere >= 0)
		close(machine->nowhere);
	machine->nowhere = -1;
}

void script_machine_free(struct script_machine *machine)
{
	server_free(machine->server);
	if (machine->controlled)
		gdb_server_free(machine->control.gdb);
	close_streams(machine);
	if (machine->events)
		events_free(machine->events);
	if (machine->controlled)
		control_free(&machine->control);
	boot_files_close(&machine->files);
	exit_log_close(&machine->account.log);
	free(machine->account.harts);
	console_text_free(&machine->console);
	config_free(&machine->config);
	free(machine->text);
}

static void *live(void *opaque)
{
	struct script_machine *machine = opaque;
	struct script *script = machine->script;
	int status = lives_run(&machine->config, &machine->files, &machine->ends, &machine->watcher,
			       &machine->account);

	control_ended(&machine->control, machine_end_name(machine->account.end), status);
	pthread_mutex_lock(&script->wait_lock);
	machine->state = MACHINE_ENDED;
	machine->status = status;
	pthread_cond_broadcast(&script->changed);
	pthread_mutex_unlock(&script->wait_lock);
	return NULL;
}

static bool open_streams(struct script_machine *machine)
{
	machine->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	machine->ends.out =
		machine->nowhere < 0 ? NULL : writer_new(machine->nowhere, CONSOLE_ROOM);
	if (!machine->ends.out)
		error("%s: its console: %s", machine->config.name, strerror(errno));
	if (machine->ends.out && machine->config.console_log)
		machine->ends.log = console_log_open(machine->config.console_log,
						     machine->config.console_log_append);
	if (machine->ends.out && machine->config.serial_count)
		machine->ends.serials = serials_open(&machine->config);
	return machine->ends.out && (machine->ends.log || !machine->config.console_log) &&
	       (machine->ends.serials || !machine->config.serial_count);
}

bool script_machine_start(struct script_machine *machine, bool paused)
{
	int result;

	machine->account.setup_ns = clock_now();
	machine->control.start_paused = paused || machine->config.gdb_wait;
	if (!boot_files_load(&machine->config, &machine->files) || !open_streams(machine))
		return false;
	if (machine->config.control) {
		machine->server = server_new(&machine->control, machine->config.control);
		if (!machine->server)
			return false;
	}
	if (!gdb_server_begin(&machine->control))
		return false;
	exit_log_open(&machine->account.log, -1, machine->config.cpus);
	machine->override.ops = &guest_ops;
	machine->config.sbi_override = &machine->override.override;
	machine->state = MACHINE_RUNS;
	result = pthread_create(&machine->thread, NULL, live, machine);
	if (result == 0)
		return true;
	machine->state = MACHINE_MADE;
	error("%s: no thread for it: %s", machine->config.name, strerror(result));
	return false;
}

static bool runs(struct script_machine *machine)
{
	bool running;

	pthread_mutex_lock(&machine->script->wait_lock);
	running = machine->state == MACHINE_RUNS;
	pthread_mutex_unlock(&machine->script->wait_lock);
	return running;
}

void script_machine_join(struct script_machine *machine)
{
	struct machine *now = runs(machine) ? control_take(&machine->control) : NULL;

	if (now) {
		machine_request_end(now, END_QUIT);
		control_release(&machine->control);
	}
	pthread_join(machine->thread, NULL);
	server_free(machine->server);
	machine->server = NULL;
	close_streams(machine);
}

void script_machine_report(struct script_machine *machine)
{
	struct script *script = machine->script;
	char last[200];
	bool running = runs(machine);
	struct machine *now = running ? control_take(&machine->control) : NULL;

	pthread_mutex_lock(&script->wait_lock);
	console_text_last_line(&machine->console, last, sizeof(last));
	pthread_mutex_unlock(&script->wait_lock);
	if (running)
		note("%s runs; the last line of its console: %s", machine->config.name, last);
	else
		note("%s has ended (%s); the last line of its console: %s", machine->config.name,
		     machine_end_name(machine->account.end), last);
	if (!now)
		return;
	hart_report_live(now);
	control_release(&machine->control);
}
