/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart run`: options, files, machine, result. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "base/writer.h"
#include "vmm/command/command.h"
#include "vmm/commands.h"
#include "vmm/control/control.h"
#include "vmm/control/server.h"
#include "vmm/gdb/server.h"
#include "vmm/machine/console_log.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/boot.h"
#include "vmm/run/config_file.h"
#include "vmm/run/lives.h"
#include "vmm/run/run.h"
#include "vmm/run/run_options.h"
#include "vmm/run/serial.h"
#include "vmm/run/serial_options.h"
#include "vmm/run/service.h"

#define LOG_ROOM	    65536u
#define CONSOLE_INPUT_PIECE 256u
#define LOG_WAIT_MS	    200u /* for a standard error that takes nothing */

/* Whether the guest has a console, or a port, at standard input and output. */
static bool is_typed_at(const struct config *config)
{
	return !config->command && !config->daemonize &&
	       (config->console != CONSOLE_NONE || serial_options_have_stdio(config));
}

static int run_until_the_end(const struct config *config, struct boot_files *files,
			     struct console_ends *ends, const struct machine_watcher *watcher,
			     struct run_account *account)
{
	int status;

	ends->escapes = is_typed_at(config) && terminal_raw();
	status = lives_run(config, files, ends, watcher, account);
	terminal_restore();
	return status;
}

/* Standard input and output are CMD's where there is one, and nobody's in the background: then the
 * console's lines go nowhere. */
static bool open_console(const struct config *config, struct console_ends *ends)
{
	const bool shown = config->command ? config->verbose : !config->daemonize;
	int fd = config->command ? STDERR_FILENO : STDOUT_FILENO;

	if (!shown)
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (config->command) {
		ends->heard = guest_command_console;
		ends->opaque = config->command_run;
	}
	ends->out = fd < 0 ? NULL : writer_new(fd, CONSOLE_ROOM);
	if (config->command || config->daemonize)
		return ends->out != NULL;
	ends->in = reader_new(STDIN_FILENO, CONSOLE_INPUT_PIECE);
	return ends->out && ends->in;
}

static bool open_console_log(const struct config *config, struct console_ends *ends)
{
	if (config->console_log)
		ends->log = console_log_open(config->console_log, config->console_log_append);
	return ends->log || !config->console_log;
}

/* From here on nothing that is written or read makes the machine wait. False after error(). */
static bool open_streams(const struct config *config, struct console_ends *ends,
			 struct service *service, struct writer **log)
{
	*log = writer_new(STDERR_FILENO, LOG_ROOM);
	if (!*log || !open_console(config, ends)) {
		error("no threads for the console: %s: raise the limit of processes (ulimit -u)",
		      strerror(errno));
		return false;
	}
	if (!open_console_log(config, ends))
		return false;
	if (config->serial_count)
		ends->serials = serials_open(config);
	if (config->serial_count && !ends->serials)
		return false;
	log_set_writer(*log);
	service->lines = *log;
	if (ends->log)
		service->words = console_log_fd(ends->log);
	return true;
}

/* For the end, and not for what the guest said. */
static bool somebody_waits(const struct run_account *account)
{
	return account->end == END_SIGNAL || account->end == END_TIMEOUT ||
	       account->end == END_QUIT;
}

static void close_streams(struct console_ends *ends, bool hurry, struct writer *log)
{
	if (ends->out && writer_left(ends->out) > 0)
		warning("standard output does not take the last %zu bytes of the console",
			writer_left(ends->out));
	console_log_close(ends->log, hurry);
	serials_close(ends->serials, hurry);
	log_set_writer(NULL);
	if (log)
		writer_finish(log, LOG_WAIT_MS, LOG_WAIT_MS);
	reader_free(ends->in);
	writer_free(ends->out);
	writer_free(log);
}

/* And with whoever drives it from outside. */
static int run_controlled(const struct config *config, struct boot_files *files,
			  struct console_ends *ends, struct run_account *account)
{
	struct control control;
	struct server *server = NULL;
	int status = STATUS_NOT_RUN;

	if (!config->control && !config->gdb)
		return run_until_the_end(config, files, ends, NULL, account);
	control_init(&control, config);
	control.start_paused = config->paused || config->gdb_wait;
	if (config->control)
		server = server_new(&control, config->control);
	if ((server || !config->control) && gdb_server_begin(&control)) {
		status = run_until_the_end(config, files, ends, &control.watcher, account);
		control_ended(&control, machine_end_name(account->end), status);
	}
	server_free(server);
	gdb_server_free(control.gdb);
	control_free(&control);
	return status;
}

static int run_with_streams(const struct config *config, struct boot_files *files,
			    struct run_account *account)
{
	struct console_ends ends = {.in = NULL};
	struct writer *log = NULL;
	int status = STATUS_NOT_RUN;

	if (open_streams(config, &ends, account->service, &log))
		status = run_controlled(config, files, &ends, account);
	if (config->command_run)
		guest_command_report(config->command_run, account->end);
	close_streams(&ends, somebody_waits(account), log);
	return status;
}

/* And with CMD's input and output, where there is one; they stay open for the result. */
static int run_with_command(struct config *config, struct boot_files *files,
			    struct run_account *account)
{
	if (config->command) {
		config->command_run = guest_command_new(config);
		if (!config->command_run)
			return STATUS_NOT_RUN;
		account->command = config->command_run;
	}
	return run_with_streams(config, files, account);
}

static int run_as(struct config *config, struct run_account *account)
{
	struct boot_files files = {0};
	int status = STATUS_NOT_RUN;
	FILE *result;

	log_set_verbose(config->verbose);
	result = result_open(config->result);
	if (config->result && !result)
		return STATUS_NOT_RUN;
	account->bad_input = true;
	if (boot_files_load(config, &files)) {
		account->bad_input = false;
		signals_prepare();
		exit_log_open(&account->log, config->exit_log ? config->exit_log : -1,
			      config->cpus);
		status = run_with_command(config, &files, account);
	}
	if (result && !result_write(result, config, account))
		status = STATUS_NOT_RUN;
	exit_log_close(&account->log);
	free(account->harts);
	boot_files_close(&files);
	guest_command_free(config->command_run, somebody_waits(account));
	return status;
}

static int run_as_service(struct config *config, struct service *service,
			  struct run_account *account)
{
	int status = STATUS_NOT_RUN;

	account->service = service;
	if (service_begin(service, config))
		status = run_as(config, account);
	service_end(service);
	return status;
}

int command_run(int argc, char **argv)
{
	struct run_account account = {.setup_ns = clock_now()};
	struct service service = {.daemon.parent = -1};
	struct config config;
	int status = STATUS_OK;
	char name[32];

	if (options_parse(argc, argv, &config) != 0)
		return STATUS_NOT_RUN;
	if (!config.help)
		config_execute(&config);
	/* Who was executed anew has the name of a file in /proc. */
	prctl(PR_SET_NAME, "vhart");
	if (config.daemonize && !config.help && !daemon_begin(&service.daemon, &status)) {
		config_free(&config);
		return status;
	}
	if (!config.name) {
		snprintf(name, sizeof(name), "vhart-%d", (int)getpid());
		config.name = name;
	}
	if (!config.help)
		status = run_as_service(&config, &service, &account);
	config_free(&config);
	return status;
}
