/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `vhart run`. */

#include "vmm/run/run_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "devices/vhost_device.h"
#include "vmm/boot/bootargs.h"
#include "vmm/run/backend_options.h"
#include "vmm/run/config_file.h"
#include "vmm/run/cpu_options.h"
#include "vmm/run/disk_options.h"
#include "vmm/run/firmware_option.h"
#include "vmm/run/net_options.h"
#include "vmm/run/run_names.h"
#include "vmm/run/serial_options.h"

#define MEMORY_LEAST (16ull << 20)
#define MEMORY_UNIT  (2ull << 20) /* KVM backs it with 2 MiB pages where it can */
#define VM_NAME_MAX  63

static const char *parse_memory(char *value, void *target)
{
	struct config *config = target;

	if (!option_size(value, &config->memory))
		return "expected a number with K, M, G or T behind it, such as 512M";
	if (config->memory < MEMORY_LEAST)
		return "expected at least 16M";
	if (config->memory % MEMORY_UNIT)
		return "expected a multiple of 2M";
	/* The last guest-physical address must not wrap. */
	if (config->memory > INT64_MAX - MAP_RAM)
		return "expected less: no machine has that much";
	return NULL;
}

static const char *parse_inject(char *value, void *target)
{
	static const char expected[] = "expected HOSTFILE:GUESTPATH, where GUESTPATH is absolute "
				       "and without . and ..";
	struct config *config = target;
	char *colon = strrchr(value, ':');

	if (config->inject_count == CONFIG_MAX_INJECTS)
		return "there are 64 injected files already, and no more can be";
	if (!colon || colon == value || colon[1] != '/' || !colon[2])
		return expected;
	const char *guest_path = colon + 1;
	for (const char *part = guest_path + 1;; part++) {
		size_t len = strcspn(part, "/");
		if (len == 0 || (len == 1 && *part == '.') || (len == 2 && !strncmp(part, "..", 2)))
			return expected;
		part += len;
		if (!*part)
			break;
	}
	*colon = '\0';
	config->injects[config->inject_count++] = (struct config_inject){value, guest_path};
	return NULL;
}

static const char *parse_extract(char *value, void *target)
{
	struct config *config = target;
	char *colon = strchr(value, ':');

	if (config->extract_count == CONFIG_MAX_EXTRACTS)
		return "there are 16 extracted files already, and no more can be";
	if (*value != '/' || !colon || !colon[1] || colon - value >= PATH_MAX)
		return "expected GUESTPATH:HOSTFILE, where GUESTPATH is absolute";
	*colon = '\0';
	config->extracts[config->extract_count++] = (struct config_extract){value, colon + 1};
	return NULL;
}

static const char *parse_overlay(char *value, void *target)
{
	struct config *config = target;

	if (config->overlay_count == CONFIG_MAX_OVERLAYS)
		return "there are 16 overlays already, and no more can be";
	if (!*value)
		return "expected a file";
	config->overlays[config->overlay_count++] = value;
	return NULL;
}

static const char *parse_command(char **words, int count, void *target)
{
	if (!count || !*words[0])
		return "expected CMD and its arguments behind it";
	struct config *config = target;
	config->command = words;
	config->command_words = (unsigned int)count;
	return NULL;
}

/* Of the type that the table calls; an enum is another one to UBSan. */
static const char *pmu_profile_word(unsigned int index)
{
	return pmu_profile_name(index);
}

static const char *parse_pmu_profile(char *value, void *target)
{
	if (!pmu_profile_find(value, &((struct config *)target)->pmu_profile))
		return "expected best, spec, linux-7.2, linux-6.12, linux-6.12.107, or "
		       "another version of these that is known";
	return NULL;
}

static const char *parse_name(char *value, void *target)
{
	static const char usable[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-";
	size_t len = strlen(value);

	if (!len || len > VM_NAME_MAX || strspn(value, usable) != len)
		return "expected 1 to 63 letters, digits, dots, dashes and underscores";
	((struct config *)target)->name = value;
	return NULL;
}

static const struct option_choice consoles[] = {
	{"serial", CONSOLE_SERIAL}, {"virtio", CONSOLE_VIRTIO}, {"none", CONSOLE_NONE}, {NULL, 0}};
static const struct option_choice transports[] = {
	{"pci", TRANSPORT_PCI}, {"mmio", TRANSPORT_MMIO}, {NULL, 0}};
static const struct option_choice aia_uses[] = {
	{"auto", AIA_AUTO}, {"emul", AIA_EMUL}, {"off", AIA_OFF}, {NULL, 0}};
static const struct option_choice pmus[] = {
	{"auto", CONFIG_PMU_AUTO}, {"kvm", CONFIG_PMU_KVM}, {"vmm", CONFIG_PMU_VMM},
	{"exit", CONFIG_PMU_EXIT}, {"off", CONFIG_PMU_OFF}, {NULL, 0},
};
static const struct option_choice pmu_irqs[] = {
	{"auto", PMU_IRQ_AUTO}, {"sip", PMU_IRQ_SIP},	  {"stub", PMU_IRQ_STUB},
	{"msi", PMU_IRQ_MSI},	{"wired", PMU_IRQ_WIRED}, {NULL, 0},
};
static const struct option_choice reboots[] = {
	{"restart", ON_REBOOT_RESTART}, {"exit", ON_REBOOT_EXIT}, {NULL, 0}};
static const struct option_choice watchdogs[] = {
	{"none", WATCHDOG_NONE}, {"reset", WATCHDOG_RESET}, {"exit", WATCHDOG_EXIT}, {NULL, 0}};
static const struct option_choice power_keys[] = {
	{"auto", POWER_KEY_AUTO}, {"on", POWER_KEY_ON}, {"off", POWER_KEY_OFF}, {NULL, 0}};
static const struct option_choice sbi_echoes[] = {
	{"off", SBI_ECHO_OFF},
	{"auto", SBI_ECHO_AUTO},
	{"tracepoints", SBI_ECHO_TRACEPOINTS},
	{NULL, 0},
};

static const struct option_spec specs[] = {
	{"--kernel", "FILE",
	 "kernel to boot: RISC-V Linux Image, plain, gzip, zstd or\nEFI zboot; or ELF64",
	 OPTION_PATH(struct config, kernel), .letter = "-k"},
	{"--initrd", "FILE", "initial RAM disk for the kernel", OPTION_PATH(struct config, initrd),
	 .letter = "-i"},
	{"--append", "TEXT", "kernel command line", OPTION_TEXT(struct config, append),
	 .letter = "-p"},
	{"--firmware", "FILE[,vars=FILE]",
	 "supervisor-mode firmware to boot instead of a kernel: U-Boot;\nor EDK2, with a file in "
	 "which it keeps its variables",
	 OPTION_OTHER(firmware_option), .letter = "-f", .path = PATH_AND_VARS},
	{"--inject", "HOSTFILE:GUESTPATH", "add a file to the initrd, or make an initrd of it",
	 OPTION_OTHER(parse_inject), .repeatable = true, .path = PATH_FIRST},
	{"--root", "DIR",
	 "run CMD in this folder of the host as the guest's root (/\nwithout --initrd and "
	 "--inject), of which nothing changes",
	 OPTION_PATH(struct config, root)},
	{"--extract", "GUESTPATH:HOSTFILE",
	 "when CMD has ended, write this file of the guest to\nHOSTFILE",
	 OPTION_OTHER(parse_extract), .repeatable = true, .path = PATH_AFTER_COLON},
	{"--memory", "SIZE", "RAM, with K, M, G or T, a multiple of 2M (512M)",
	 OPTION_OTHER(parse_memory), .letter = "-m"},
	{"--cpus", "N", "number of vCPUs (1)",
	 OPTION_NUMBER(struct config, cpus, 1, BOARD_MAX_HARTS), .letter = "-c"},
	{"--cpu", "EXT=on|off,...,mmu=MODE",
	 "hide ISA extensions (svpbmt=off) or insist on them (v=on);\nwalk page tables of sv39, "
	 "sv48 or sv57 at most (as the host)",
	 OPTION_OTHER(cpu_option)},
	{"--affinity", "CPU,CPU-CPU,...",
	 "bind the harts to these CPUs of the host, each to the next",
	 OPTION_OTHER(affinity_option)},
	{"--hugepages", NULL, "take RAM from the host's pool of 2 MiB pages (hugetlb)",
	 OPTION_FLAG(struct config, hugepages)},
	{"--disk", "FILE[,ro][,direct][,format=F][,share-rw=on][,serial=S]",
	 "add a disk: read-only, past the page cache, of a format\n(raw, qcow2, vmdk, ...) that "
	 "its name does not say, beside\nothers that write to it, with a serial number; FILE may "
	 "be\nan NBD server's: nbd://HOST/EXPORT",
	 OPTION_OTHER(disk_option), .letter = "-d", .repeatable = true, .path = PATH_OR_URL},
	{"--share", "DIR[,tag=T][,ro]",
	 "let the guest mount a folder of the host, read-only if so\nasked, by its tag (share0, "
	 "share1, ...)",
	 OPTION_OTHER(backend_option_share), .repeatable = true, .path = PATH_FIRST},
	{"--vhost-user", "TYPE,socket=PATH[,tag=T][,mac=M]",
	 "add a device that another process serves at a socket: a\nfile system (fs), disk (blk) or "
	 "network card (net)",
	 OPTION_OTHER(backend_option_vhost_user), .repeatable = true, .path = PATH_OF_SOCKET,
	 .word = vhost_user_type_name},
	{"--net", "user|passt|tap=IF|none[,mac=M][,mtu=N][,hostfwd=RULE]",
	 "add a network card: unprivileged, by libslirp (user) or\npasst, or on tap interface IF "
	 "(vhost=on|off: by the kernel\nor not; queues=N: so many pairs of queues); RULE forwards "
	 "a\nport of the host: tcp::2222-:22 (none)",
	 OPTION_OTHER(net_option), .repeatable = true, .letter = "-n"},
	{"--vsock", "CID",
	 "give the guest sockets to the host without a network\n(AF_VSOCK), under this number",
	 OPTION_NUMBER(struct config, vsock_cid, 3, 0xfffffffe),
	 .expected = "expected a number from 3 to 4294967294: the guest's address"},
	{"--rng", NULL, "give the guest a source of random numbers",
	 OPTION_FLAG(struct config, rng)},
	{"--balloon", NULL,
	 "have the guest give memory that it does not use back to the\nhost, by itself and when "
	 "asked (vhart ctl VM balloon)",
	 OPTION_FLAG(struct config, balloon)},
	{"--console", "serial|virtio|none", "what the guest has for a console (serial)",
	 OPTION_CHOICE(struct config, console, consoles)},
	{"--serial", "file=PATH[,append]|pty|unix=PATH|null|stdio",
	 "add a serial port: its output to a file, a terminal of its\nown, a socket that it "
	 "listens at, or nowhere",
	 OPTION_OTHER(serial_option), .repeatable = true, .path = PATH_AFTER_EQUALS},
	{"--console-log", "FILE[,append]",
	 "write what the console prints to FILE too, anew or behind\nwhat is there",
	 OPTION_OTHER(serial_option_console_log), .path = PATH_FIRST},
	{"--transport", "pci|mmio", "how virtio devices are attached (pci)",
	 OPTION_CHOICE(struct config, transport, transports)},
	{"--aia", "auto|emul|off",
	 "use KVM's interrupt controllers where the host has them\n(auto), with interrupt files "
	 "that KVM emulates (emul), or a\nPLIC in this process",
	 OPTION_CHOICE(struct config, aia, aia_uses)},
	{"--pmu", "auto|kvm|vmm|off",
	 "who answers the guest's SBI PMU: KVM, this process, nobody,\nor what serves the guest "
	 "best (auto)",
	 OPTION_CHOICE(struct config, pmu, pmus)},
	{"--pmu-profile", "NAME",
	 "what the PMU does where the specification and Linux differ:\nbest, spec, linux-7.2, "
	 "linux-6.12, linux-6.12.107 (best)",
	 OPTION_OTHER(parse_pmu_profile), .word = pmu_profile_word},
	{"--pmu-irq", "auto|sip|stub|msi|wired",
	 "how an overflow of a counter of --pmu vmm gets to the guest:\nas LCOFI (sip, stub), or "
	 "for "
	 "guests that know of it as an\nMSI or on a line; or the best of them (auto)",
	 OPTION_CHOICE(struct config, pmu_irq, pmu_irqs)},
	{"--on-reboot", "restart|exit", "what a reboot of the guest does (restart)",
	 OPTION_CHOICE(struct config, on_reboot, reboots)},
	{"--power-key", "auto|on|off",
	 "give the guest a power key, by which SIGTERM and vhart ctl\nask it to power off; auto: "
	 "with a disk or firmware (auto)",
	 OPTION_CHOICE(struct config, power_key, power_keys)},
	{"--watchdog", "reset|exit|none",
	 "give the guest a watchdog; when it is not restarted in time\nthe guest resets, or "
	 "vhart exits (none)",
	 OPTION_CHOICE(struct config, watchdog, watchdogs)},
	{"--timeout", "SECONDS", "end the VM after this time",
	 OPTION_SECONDS(struct config, timeout),
	 .expected = "expected a number of seconds above 0, such as 30 or 1.5"},
	{"--name", "NAME", "name of the VM in messages and results (vhart-PID)",
	 OPTION_OTHER(parse_name)},
	{"--result", "FILE", "write to FILE, as JSON, why the VM ended, times, and exits\nby cause",
	 OPTION_PATH(struct config, result)},
	{"--daemonize", NULL, "go on in the background once the VM runs",
	 OPTION_FLAG(struct config, daemonize)},
	{"--pidfile", "PATH", "write the number of the VM's process to PATH while it lives",
	 OPTION_PATH(struct config, pidfile)},
	{"--control", "PATH",
	 "let vhart ctl and other programs drive the VM by a socket\nat PATH: see vhart-control(7)",
	 OPTION_PATH(struct config, control)},
	{"--paused", NULL, "hold the harts at their first instruction: see --control",
	 OPTION_FLAG(struct config, paused)},
	{"--gdb", "PORT|PATH",
	 "serve gdb at this port of 127.0.0.1 (0: one that is free), or\nat a socket at PATH",
	 OPTION_TEXT(struct config, gdb), .path = PATH_OR_NUMBER},
	{"--gdb-wait", NULL, "hold the harts at their first instruction until gdb has come",
	 OPTION_FLAG(struct config, gdb_wait)},
	{"--exit-log", "FD",
	 "count exits in the memory behind this file, as vhart stat\nasks for when it starts a VM",
	 OPTION_NUMBER(struct config, exit_log, STDERR_FILENO + 1, INT_MAX),
	 .expected = "expected a file descriptor beyond 2"},
	{"--dtb", "FILE",
	 "give the guest this devicetree, with the command line, place\nof the initrd and seeds of "
	 "this boot in its /chosen",
	 OPTION_PATH(struct config, dtb)},
	{"--dt-overlay", "FILE", "apply an overlay to the devicetree", OPTION_OTHER(parse_overlay),
	 .repeatable = true, .path = PATH_FIRST},
	{"--dump-fdt", "FILE", "write the devicetree of the guest to FILE",
	 OPTION_PATH(struct config, dump_fdt)},
	{"--sbi-echo", "off|auto|tracepoints",
	 "answer calls of SBI extension 0x0A564846, which test\nand time how calls get here (off)",
	 OPTION_CHOICE(struct config, sbi_echo, sbi_echoes)},
	{"--config", "FILE",
	 "take options from FILE too, one a line, without their dashes;\nthose given here win",
	 OPTION_PATH(struct config, config_file), .not_in_file = true},
	{"--print-config", NULL, "print what is given as such a file, and do nothing",
	 OPTION_FLAG(struct config, print_config), .not_in_file = true},
	{"--verbose", NULL, "say what is being done", OPTION_FLAG(struct config, verbose)},
};

const struct option_table run_options = {
	.command = "run",
	.usage = "[options] --kernel FILE [-- CMD ARG...]",
	.summary =
		"Boots a virtual machine on KVM, and runs CMD in it. Defaults are in parentheses.",
	.specs = specs,
	.count = sizeof(specs) / sizeof(specs[0]),
	.rest = parse_command,
	.other_names = run_other_names,
};

/* -- CMD needs a Linux that starts our init. */
static const char *command_contradiction(const struct config *config)
{
	if (config->firmware)
		return "-- CMD needs --kernel: firmware loads its initrd itself";
	if (config->root && config->initrd)
		return "--root and --initrd exclude each other: CMD runs in one of them";
	if (config->root && config->inject_count)
		return "--inject puts files into an initrd, where CMD of --root would not find "
		       "them: --share their folder";
	if (bootargs_give(config->append, "rdinit"))
		return "-- CMD is started by vhart's own init: leave rdinit= out of --append";
	return NULL;
}

/* What is wrong with options that are each fine for themselves, or NULL. */
static const char *contradiction(const struct config *config)
{
	if (!config->kernel && !config->firmware)
		return "nothing to boot: give --kernel FILE (or --firmware FILE)";
	if (net_options_contradiction(config))
		return net_options_contradiction(config);
	if (config->daemonize && config->command)
		return "--daemonize: -- CMD has this terminal for its input and output: leave one "
		       "of them out";
	if (config->daemonize && config->exit_log)
		return "--daemonize: the process that is watched would not be the VM's: leave it "
		       "out, and watch a VM that runs (vhart stat -p PID)";
	if (config->daemonize && serial_options_have_stdio(config))
		return "--daemonize leaves standard input and output, which --serial stdio is to "
		       "have: take another, such as pty";
	if (serial_options_contradiction(config))
		return serial_options_contradiction(config);
	if (config->paused && !config->control)
		return "--paused: nobody could resume it: add --control PATH";
	if (config->gdb && !*config->gdb)
		return "--gdb: expected a port, such as 1234, or a path";
	if (config->gdb_wait && !config->gdb)
		return "--gdb-wait: no gdb could come: add --gdb PORT or --gdb PATH";
	if (config->balloon && config->hugepages)
		return "--balloon and --hugepages exclude each other: pages of the pool are the "
		       "guest's for good";
	if (config->root && !config->command)
		return "--root is where CMD runs: add -- CMD; a system with an init of its own "
		       "boots from --share DIR,tag=T --append 'root=T rootfstype=virtiofs rw'";
	if (config->extract_count && !config->command)
		return "--extract takes files when CMD has ended: add -- CMD";
	if (config->command && command_contradiction(config))
		return command_contradiction(config);
	if (!config->firmware)
		return NULL;
	if (config->kernel)
		return "--firmware and --kernel exclude each other: firmware loads its kernel "
		       "itself, "
		       "from a --disk for instance";
	if (config->initrd)
		return "--initrd needs --kernel: firmware loads its initrd itself";
	if (config->inject_count)
		return "--inject needs --kernel: firmware loads its initrd itself";
	if (*config->append)
		return "--append needs --kernel: firmware has its own command line for the kernel";
	return NULL;
}

/* Whether Linux would read the whole command line; false after error(). */
static bool append_fits(const struct config *config)
{
	const char *ours = bootargs_console(config->append, config->console);
	char *bootargs = bootargs_make(config->append, config->console, config->command);
	const size_t len = bootargs ? strlen(bootargs) : 0;

	free(bootargs);
	if (len <= BOOTARGS_MAX)
		return true;
	const char *first = config->command ? BOOTARGS_COMMAND : "";
	const bool both = *first && *ours;
	error("--append: the command line has %zu bytes%s%s%s%s%s: Linux for riscv64 reads %u of "
	      "them: shorten it by %zu",
	      len, *first || *ours ? " with the " : "", first, both ? " " : "", ours,
	      *first || *ours ? " that vhart puts in front" : "", BOOTARGS_MAX, len - BOOTARGS_MAX);
	return false;
}

/* What only all options together say. 0, or STATUS_USAGE after error(). */
static int finish(struct config *config)
{
	/* This host's own. */
	if (config->command && !config->root && !config->initrd && !config->inject_count &&
	    !config->firmware)
		config->root = "/";
	backend_options_name(config);
	net_options_complete(config);
	const char *wrong = contradiction(config);
	if (!wrong && config->root)
		wrong = backend_options_add_root(config);
	if (!wrong)
		wrong = backend_options_add_disks(config);
	if (!wrong)
		wrong = backend_options_add_passt(config);
	if (!wrong)
		wrong = backend_options_contradiction(config);
	if (wrong) {
		error("%s", wrong);
		return STATUS_USAGE;
	}
	/* It runs once. */
	if (config->command)
		config->on_reboot = ON_REBOOT_EXIT;
	if (!append_fits(config) || (config->print_config && !config_print(config)))
		return STATUS_USAGE;
	config->help = config->print_config;
	return 0;
}

int options_parse(int argc, char **argv, struct config *config)
{
	*config = (struct config){
		.append = "",
		.memory = CONFIG_MEMORY_DEFAULT,
		.cpus = 1,
		.console = CONSOLE_SERIAL,
		.transport = TRANSPORT_PCI,
		.aia = AIA_AUTO,
		.on_reboot = ON_REBOOT_RESTART,
	};
	int status = config_read(config, &run_options, argc, argv);
	if (!status && !config->help)
		status = finish(config);
	if (status)
		config_free(config);
	return status;
}
