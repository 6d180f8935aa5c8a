/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart run`: options, files, machine, result. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/image_formats.h"
#include "base/log.h"
#include "base/reader.h"
#include "base/signals.h"
#include "base/terminal.h"
#include "base/writer.h"
#include "vmm/boot/inject.h"
#include "vmm/commands.h"
#include "vmm/machine/machine_private.h"
#include "vmm/run/boot.h"
#include "vmm/run/run.h"
#include "vmm/run/run_options.h"

#define LOG_ROOM    65536u
#define LOG_WAIT_MS 200u /* for a standard error that takes nothing */

#define SHORT_LIFE_NS 10000000000ull

enum { SILENT_RESETS = 3 };

static bool load_kernel(const struct config *config, struct boot_files *files)
{
	const char *path = config->firmware ? config->firmware : config->kernel;
	const char *option = config->firmware ? "--firmware" : "--kernel";
	char why[IMAGE_MESSAGE_MAX];

	if (!kept_file_load(&files->kept_kernel, option, path, config->memory, &files->kernel))
		return false;
	if (!image_unpack(&files->kernel, config->memory, why)) {
		error("%s %s %s", option, path, why);
		return false;
	}
	return true;
}

static bool load_files(const struct config *config, struct boot_files *files)
{
	if (!load_kernel(config, files))
		return false;
	if (config->initrd && !kept_file_load(&files->kept_initrd, "--initrd", config->initrd,
					      config->memory, &files->initrd))
		return false;
	return inject_files(config, files->kept_injects, &files->initrd);
}

static void free_files(struct boot_files *files)
{
	blob_free(&files->kernel);
	blob_free(&files->initrd);
}

static void close_files(struct boot_files *files)
{
	free_files(files);
	kept_file_close(&files->kept_kernel);
	kept_file_close(&files->kept_initrd);
	for (unsigned int i = 0; i < CONFIG_MAX_INJECTS; i++)
		kept_file_close(&files->kept_injects[i]);
}

/* A guest that resets again and again before it can say anything would do so without a word. */
static void count_silent_resets(struct run_account *account)
{
	const bool silent = !account->spoke && account->life_ns < SHORT_LIFE_NS;

	account->silent_resets = silent ? account->silent_resets + 1 : 0;
	if (account->silent_resets == SILENT_RESETS)
		warning("the guest has reset %d times within seconds, each time before there was a "
			"line on its console: --on-reboot exit ends it at the first reset; a Linux "
			"guest says more with --append earlycon=sbi",
			SILENT_RESETS);
}

/*
 * The files stay open and are read anew for each life: their contents, kept, would cost as much
 * memory as the guest's own copy, for a reset that seldom comes. Raw mode starts after the first
 * reading, which can fail.
 */
static int run_until_the_end(const struct config *config, struct boot_files *files,
			     struct console_ends *ends, struct run_account *account)
{
	bool again, ran;

	ends->escapes = config->console != CONSOLE_NONE && terminal_raw();
	do {
		ran = machine_run(config, files, ends, account);
		free_files(files);
		again = ran && account->end == END_RESET && config->on_reboot == ON_REBOOT_RESTART;
		if (again)
			count_silent_resets(account);
		if (again)
			verbose("the guest resets: boot %u", account->boots + 1);
		if (again && !load_files(config, files)) {
			account->end = END_HOST;
			account->bad_input = true;
			again = false;
		}
	} while (again);
	terminal_restore();
	/* The machine of a later life may fail where that of the first did not. */
	if (!ran)
		account->end = account->boots > 0 ? END_HOST : END_NONE;
	verbose("the machine ended: %s", machine_end_name(account->end));
	return machine_end_status(account);
}

/* From here on nothing that is written or read makes the machine wait. False after error(). */
static bool open_streams(struct console_ends *ends, struct writer **log)
{
	*log = writer_new(STDERR_FILENO, LOG_ROOM);
	ends->out = writer_new(STDOUT_FILENO, CONSOLE_ROOM);
	ends->in = reader_new(STDIN_FILENO);
	if (*log && ends->out && ends->in) {
		log_set_writer(*log);
		return true;
	}
	error("no threads for the console: %s: raise the limit of processes (ulimit -u)",
	      strerror(errno));
	return false;
}

static void close_streams(struct console_ends *ends, struct writer *log)
{
	if (ends->out && writer_left(ends->out) > 0)
		warning("standard output does not take the last %zu bytes of the console",
			writer_left(ends->out));
	log_set_writer(NULL);
	if (log)
		writer_finish(log, LOG_WAIT_MS, LOG_WAIT_MS);
	reader_free(ends->in);
	writer_free(ends->out);
	writer_free(log);
}

static int run_with_streams(const struct config *config, struct boot_files *files,
			    struct run_account *account)
{
	struct console_ends ends = {.in = NULL};
	struct writer *log = NULL;
	int status = STATUS_NOT_RUN;

	if (open_streams(&ends, &log))
		status = run_until_the_end(config, files, &ends, account);
	close_streams(&ends, log);
	return status;
}

int command_run(int argc, char **argv)
{
	struct run_account account = {.setup_ns = clock_now()};
	struct boot_files files = {0};
	struct config config;
	char name[32];
	FILE *result;
	int status = options_parse(argc, argv, &config);

	if (status != 0 || config.help)
		return status ? STATUS_NOT_RUN : STATUS_OK;
	log_set_verbose(config.verbose);
	if (!config.name) {
		snprintf(name, sizeof(name), "vhart-%d", (int)getpid());
		config.name = name;
	}
	result = result_open(config.result);
	if (config.result && !result)
		return STATUS_NOT_RUN;
	status = STATUS_NOT_RUN;
	account.bad_input = true;
	if (load_files(&config, &files)) {
		account.bad_input = false;
		signals_prepare();
		exit_log_open(&account.log, config.exit_log ? config.exit_log : -1, config.cpus);
		status = run_with_streams(&config, &files, &account);
	}
	if (result && !result_write(result, &config, &account))
		status = STATUS_NOT_RUN;
	exit_log_close(&account.log);
	free(account.harts);
	close_files(&files);
	return status;
}
