/* SPDX-License-Identifier: Apache-2.0 */
/* All lives of a machine, with the files that it boots from. */

#include "vmm/run/lives.h"

#include <signal.h>

#include "base/exit_status.h"
#include "base/image_formats.h"
#include "base/log.h"
#include "devices/flash_file.h"
#include "vmm/boot/fdt_file.h"
#include "vmm/boot/inject.h"
#include "vmm/command/command.h"
#include "vmm/machine/console.h"
#include "vmm/run/backends.h"
#include "vmm/run/boot.h"
#include "vmm/run/run.h"
#include "vmm/run/service.h"

#define MORE_MEMORY   "see --memory"
#define SHORT_LIFE_NS 10000000000ull

enum { SILENT_RESETS = 3 };

static bool load_kernel(const struct config *config, struct boot_files *files)
{
	const char *path = config->firmware ? config->firmware : config->kernel;
	const char *option = config->firmware ? "--firmware" : "--kernel";
	char why[IMAGE_MESSAGE_MAX];

	if (!kept_file_load(&files->kept_kernel, option, path, config->memory, MORE_MEMORY,
			    &files->kernel))
		return false;
	if (!image_unpack(&files->kernel, config->memory, why)) {
		error("%s %s %s", option, path, why);
		return false;
	}
	return true;
}

static bool load_devicetree(const struct config *config, struct boot_files *files)
{
	if (config->dtb && !kept_file_load(&files->kept_dtb, "--dtb", config->dtb, FDT_FILE_MAX,
					   NULL, &files->dtb))
		return false;
	for (unsigned int i = 0; i < config->overlay_count; i++)
		if (!kept_file_load(&files->kept_overlays[i], "--dt-overlay", config->overlays[i],
				    FDT_OVERLAY_MAX, NULL, &files->overlays[i]))
			return false;
	return true;
}

/* EDK2 starts in flash, and does not without one for its variables; nothing else does. */
static bool load_flash(const struct config *config, struct boot_files *files)
{
	const bool is_flash = config->firmware && image_is_flash(&files->kernel);

	if (is_flash && !config->firmware_vars) {
		error("--firmware %s is EDK2, which keeps variables in a file: add ,vars=FILE, "
		      "where "
		      "FILE is a copy of the RISCV_VIRT_VARS.fd that came with it",
		      config->firmware);
		return false;
	}
	if (!is_flash && config->firmware_vars) {
		error("--firmware %s is not EDK2: ,vars= is for firmware that starts in flash, "
		      "such "
		      "as RISCV_VIRT_CODE.fd",
		      config->firmware);
		return false;
	}
	if (is_flash && files->kernel.len > FLASH_MAX) {
		error("--firmware %s has %zu bytes: a flash has at most 32M", config->firmware,
		      files->kernel.len);
		return false;
	}
	/* Its contents stay from life to life. */
	if (is_flash && !files->vars)
		files->vars = flash_file_open("--firmware vars=", config->firmware_vars);
	return !is_flash || files->vars;
}

bool boot_files_load(const struct config *config, struct boot_files *files)
{
	if (!load_kernel(config, files) || !load_flash(config, files))
		return false;
	if (config->initrd && !kept_file_load(&files->kept_initrd, "--initrd", config->initrd,
					      config->memory, MORE_MEMORY, &files->initrd))
		return false;
	return load_devicetree(config, files) &&
	       inject_files(config, files->kept_injects, &files->initrd) &&
	       (!config->command ||
		guest_command_into_initrd(config, &files->kernel, &files->initrd)) &&
	       backends_ready(config, &files->backends);
}

void boot_files_close(struct boot_files *files)
{
	boot_files_free(files);
	kept_file_close(&files->kept_kernel);
	kept_file_close(&files->kept_initrd);
	for (unsigned int i = 0; i < CONFIG_MAX_INJECTS; i++)
		kept_file_close(&files->kept_injects[i]);
	kept_file_close(&files->kept_dtb);
	for (unsigned int i = 0; i < CONFIG_MAX_OVERLAYS; i++)
		kept_file_close(&files->kept_overlays[i]);
	flash_file_close(files->vars);
	files->vars = NULL;
	backends_close(files->backends);
	files->backends = NULL;
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

static bool lives_again(const struct config *config, enum machine_end end)
{
	if (end == END_WATCHDOG && config->watchdog != WATCHDOG_RESET)
		return false;
	return machine_end_is_reset(end) && config->on_reboot == ON_REBOOT_RESTART;
}

/*
 * The files stay open and are read anew for each life: their contents, kept, would cost as much
 * memory as the guest's own copy, for a reset that seldom comes.
 */
int lives_run(const struct config *config, struct boot_files *files,
	      const struct console_ends *ends, const struct machine_watcher *watcher,
	      struct run_account *account)
{
	bool again, ran;

	do {
		ran = machine_run(config, files, ends, watcher, account);
		boot_files_free(files);
		again = ran && lives_again(config, account->end);
		/* It resets instead, and its next life would know nothing of that. */
		if (again && account->asked_off) {
			account->end = END_SIGNAL;
			account->signal_number = SIGTERM;
			again = false;
		}
		if (again)
			count_silent_resets(account);
		if (again)
			verbose("the guest resets: boot %u", account->boots + 1);
		if (again && !boot_files_load(config, files)) {
			account->end = END_HOST;
			account->bad_input = true;
			again = false;
		}
	} while (again);
	/* The machine of a later life may fail where that of the first did not. */
	if (!ran)
		account->end = account->boots > 0 ? END_HOST : END_NONE;
	verbose("the machine ended: %s", machine_end_name(account->end));
	service_ending(account->service, account->end == END_NONE ? "it did not start"
								  : machine_end_name(account->end));
	return machine_end_status(account);
}
