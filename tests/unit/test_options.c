/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/options.h"
#include "tests/unit/fixtures/kept_messages.h"
#include "tests/unit/fixtures/run_line.h"
#include "vmm/config.h"
#include "vmm/kvm/isa.h"
#include "vmm/run/run_names.h"
#include "vmm/run/run_options.h"

static void a_kernel_alone_gets_the_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel Image", &config);
	assert_string_equal(config.kernel, "Image");
	assert_null(config.initrd);
	assert_null(config.firmware);
	assert_string_equal(config.append, "");
	assert_int_equal(config.memory, 512ull << 20);
	assert_int_equal(config.cpus, 1);
	assert_int_equal(config.disk_count, 0);
	assert_int_equal(config.inject_count, 0);
	assert_int_equal(config.net_count, 0);
	assert_int_equal(config.console, CONSOLE_SERIAL);
	assert_int_equal(config.transport, TRANSPORT_PCI);
	assert_int_equal(config.on_reboot, ON_REBOOT_RESTART);
	assert_int_equal(config.power_key, POWER_KEY_AUTO);
	assert_int_equal(config.aia, AIA_AUTO);
	assert_false(config.rng);
	assert_false(config.verbose);
	assert_false(config.help);
	assert_null(config.name);
	assert_true(config.timeout == 0);
}

static void every_option_reaches_the_configuration(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --initrd i --append a=b --memory 1G --cpus 8 --disk "
			"d,ro,raw,direct,share-rw=on,serial=s "
			"--disk e --net tap=tap7 --rng --console virtio --transport mmio --aia off "
			"--on-reboot exit --inject h:/g --inject x:y:/z --dump-fdt f --result r "
			"--name n-1 --timeout 2.5 --verbose",
			&config);
	assert_string_equal(config.kernel, "k");
	assert_string_equal(config.initrd, "i");
	assert_string_equal(config.append, "a=b");
	assert_int_equal(config.memory, 1ull << 30);
	assert_int_equal(config.cpus, 8);
	assert_int_equal(config.disk_count, 2);
	assert_string_equal(config.disks[0].path, "d");
	assert_string_equal(config.disks[0].serial, "s");
	assert_true(config.disks[0].read_only);
	assert_true(config.disks[0].direct);
	assert_true(config.disks[0].raw);
	assert_true(config.disks[0].share_rw);
	assert_string_equal(config.disks[1].path, "e");
	assert_null(config.disks[1].serial);
	assert_false(config.disks[1].read_only);
	assert_false(config.disks[1].direct);
	assert_false(config.disks[1].raw);
	assert_false(config.disks[1].share_rw);
	assert_int_equal(config.net_count, 1);
	assert_string_equal(config.nets[0].tap, "tap7");
	assert_true(config.rng);
	assert_int_equal(config.console, CONSOLE_VIRTIO);
	assert_int_equal(config.transport, TRANSPORT_MMIO);
	assert_int_equal(config.aia, AIA_OFF);
	assert_int_equal(config.on_reboot, ON_REBOOT_EXIT);
	assert_int_equal(config.inject_count, 2);
	assert_string_equal(config.injects[0].host_path, "h");
	assert_string_equal(config.injects[0].guest_path, "/g");
	assert_string_equal(config.injects[1].host_path, "x:y");
	assert_string_equal(config.injects[1].guest_path, "/z");
	assert_string_equal(config.dump_fdt, "f");
	assert_string_equal(config.result, "r");
	assert_string_equal(config.name, "n-1");
	assert_true(config.timeout == 2.5);
	assert_true(config.verbose);
}

static void a_value_may_follow_an_equals_sign(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel=k --append=root=/dev/vda --memory=64M --disk=d,ro --net=user",
			&config);
	assert_string_equal(config.kernel, "k");
	assert_string_equal(config.append, "root=/dev/vda");
	assert_int_equal(config.memory, 64ull << 20);
	assert_true(config.disks[0].read_only);
	assert_int_equal(config.net_count, 1);
	assert_null(config.nets[0].tap);
}

static void sizes_need_a_unit_and_must_fit(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_true(option_size("16384K", &bytes));
	assert_int_equal(bytes, 16ull << 20);
	assert_true(option_size("3T", &bytes));
	assert_int_equal(bytes, 3ull << 40);
	assert_true(option_size("16777215T", &bytes));
	assert_int_equal(bytes, 16777215ull << 40);
	static const char *const wrong[] = {"",
					    "M",
					    "512",
					    "512m",
					    "-5M",
					    "+5M",
					    " 5M",
					    "5 M",
					    "5MB",
					    "5MiB",
					    "0x10M",
					    "1.5G",
					    "16777216T",
					    "18446744073709551616K",
					    "99999999999999999999999999999999G"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (option_size(wrong[i], &bytes))
			fail_msg("\"%s\" was taken for %llu", wrong[i], (unsigned long long)bytes);
	}
}

static void memory_is_at_least_16_mib_in_steps_of_2_mib(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --memory 16M", &config);
	assert_accepted("--kernel k --memory 18432K", &config);
	assert_accepted("--kernel k --memory 8G", &config);
	assert_refused("--kernel k --memory 14M", "--memory 14M", "16M", NULL);
	assert_refused("--kernel k --memory 0G", "--memory 0G", "16M", NULL);
	assert_refused("--kernel k --memory 17M", "--memory 17M", "multiple of 2M", NULL);
	assert_refused("--kernel k --memory 512", "--memory 512", "512M", NULL);
	assert_refused("--kernel k --memory 16777215T", "--memory 16777215T", NULL);
}

static void numbers_are_plain_and_in_range(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --cpus 512", &config);
	assert_int_equal(config.cpus, 512);
	assert_refused("--kernel k --cpus 0", "--cpus 0", "1 to 512", NULL);
	assert_refused("--kernel k --cpus 513", "--cpus 513", NULL);
	assert_refused("--kernel k --cpus -1", "--cpus -1", NULL);
	assert_refused("--kernel k --cpus 4x", "--cpus 4x", NULL);
	assert_refused("--kernel k --cpus 4294967297", "--cpus 4294967297", NULL);
	assert_refused("--kernel k --cpus=", "--cpus", NULL);
	static const char *const wrong[] = {"0",    "-1",    "nan", "inf", "1e3",
					    "0x10", "1.2.3", ".",   ""};
	double seconds;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(option_seconds(wrong[i], &seconds));
	assert_refused("--kernel k --timeout never", "--timeout never", "seconds", NULL);
}

static void harts_are_checked(void **state)
{
	static const char names[] = "expected EXT=on or EXT=off";
	struct config config;

	(void)state;
	assert_accepted("--kernel k", &config);
	assert_int_equal(config.mmu, 0);
	assert_int_equal(config.affinity_count, 0);
	for (unsigned int id = 0; id < ISA_EXT_COUNT; id++)
		assert_int_equal(config.isa[id], ISA_AS_HOST);
	assert_accepted("--kernel k --cpu zicbom=off,a=on,mmu=sv48 --affinity 7,0-2,7", &config);
	assert_int_equal(config.isa[ISA_EXT_ZICBOM], ISA_OFF);
	assert_int_equal(config.isa[0], ISA_ON);
	assert_int_equal(config.mmu, 9);
	assert_int_equal(config.affinity_count, 5);
	assert_int_equal(config.affinity[0], 7);
	assert_int_equal(config.affinity[3], 2);
	assert_int_equal(config.affinity[4], 7);
	assert_accepted("--kernel k --affinity 0-511", &config);
	assert_refused("--kernel k --cpu sstc", "--cpu sstc", names, NULL);
	assert_refused("--kernel k --cpu zicbom=of", "--cpu zicbom=of", names, NULL);
	assert_refused("--kernel k --cpu zzz=off", "--cpu zzz=off", names, NULL);
	assert_refused("--kernel k --cpu zba=off,", "--cpu zba=off,", names, NULL);
	assert_refused("--kernel k --cpu mmu=sv32", "--cpu mmu=sv32", names, NULL);
	assert_refused("--kernel k --cpu mmu=sv39,mmu=sv39", "mmu= once", NULL);
	assert_refused("--kernel k --cpu zba=off,zba=on", "each extension once", NULL);
	assert_refused("--kernel k --cpu i=off", "base ISA", NULL);
	assert_refused("--kernel k --cpu ssaia=off", "--aia", NULL);
	assert_refused("--kernel k --cpu sscofpmf=on", "--pmu off", NULL);
	static const char *const wrong[] = {"x", "-1", "3-1", "0,", "0-", "1024", "0-512"};
	char text[64];
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "--kernel k --affinity %s", wrong[i]);
		assert_refused(text, "--affinity", "such as 0,2-5", NULL);
	}
}

static void an_option_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused("--kernel a --kernel b", "--kernel", "twice", NULL);
	assert_refused("--kernel a --cpus 1 --cpus 1", "--cpus", "twice", NULL);
	assert_refused("--kernel a --rng --rng", "--rng", "twice", NULL);
}

static void an_unknown_option_is_refused_with_the_nearest_name(void **state)
{
	(void)state;
	assert_refused("--kernle k", "--kernle", "--kernel", NULL);
	assert_refused("--kernel k --memroy=5M", "--memroy", "--memory", NULL);
	assert_refused("--kernel k --dumpfdt x", "--dumpfdt", "--dump-fdt", NULL);
	assert_refused("--kernel k --quantum-foam", "--quantum-foam", "vhart run --help", NULL);
	/* Two letters that are swapped are one slip; a short word does not become another one. */
	assert_refused("--rgn", "--rng", NULL);
	assert_refused("--foo", "vhart run --help", NULL);
	/* What begins as a name is that name, however much is missing. */
	assert_refused("--trans pci", "did you mean --transport", NULL);
	assert_refused("--fi f", "did you mean --firmware", NULL);
	assert_refused("--ini i", "did you mean --initrd", NULL);
	assert_refused("-net user", "did you mean --net", NULL);
	assert_refused("--hlep", "--hlep", "--help", NULL);
	/* Prefixes are no abbreviations: scripts would break when options are added. */
	assert_refused("--kern k", "--kern", "did you mean --kernel", NULL);
}

static void what_other_vmms_call_it_is_known(void **state)
{
	static const struct {
		const char *line, *ours;
	} names[] = {
		{"-mem 1G", "--memory?"},    {"--mem 1G", "--memory?"},
		{"-smp 2", "--cpus?"},	     {"--smp 2", "--cpus?"},
		{"-S", "--paused?"},	     {"-kernel Image", "--kernel?"},
		{"-initrd i", "--initrd?"},  {"-append x", "--append?"},
		{"--params x", "--append?"}, {"-drive x", "--disk?"},
		{"-bios x", "--firmware?"},  {"-no-reboot", "--on-reboot exit?"},
		{"--isa rv64", "--cpu?"},    {"-nographic", "console"},
		{"-M virt", "one machine"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_refused(names[i].line, "unknown option", names[i].ours, NULL);
	/* Each leads to what there is, and is not ours itself. */
	for (const struct other_name *other = run_other_names; other->name; other++) {
		assert_null(option_find(&run_options, other->name, strlen(other->name)));
		bool found = other->words != NULL;
		for (size_t i = 0; !found && i < run_options.count; i++)
			found = !strncmp(other->ours, run_options.specs[i].name,
					 strlen(run_options.specs[i].name));
		if (!found)
			fail_msg("%s leads nowhere", other->name);
	}
}

static void kvmtools_letters_are_short_names(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("-k Image -i initrd -p quiet -m 1G -c 2 -d a -d=b,ro -n user", &config);
	assert_string_equal(config.kernel, "Image");
	assert_string_equal(config.initrd, "initrd");
	assert_string_equal(config.append, "quiet");
	assert_int_equal(config.memory, 1ull << 30);
	assert_int_equal(config.cpus, 2);
	assert_int_equal(config.disk_count, 2);
	assert_string_equal(config.disks[1].path, "b");
	assert_int_equal(config.net_count, 1);
	assert_null(config.nets[0].tap);
	assert_accepted("-f u-boot.bin", &config);
	assert_string_equal(config.firmware, "u-boot.bin");
	/* What they are short for is named, and is the same option. */
	assert_refused("-k Image -c 0", "--cpus 0: expected", NULL);
	assert_refused("-k Image --kernel Image", "--kernel is given twice", NULL);
	/* No two are one, and none is -h. */
	for (size_t i = 0; i < run_options.count; i++) {
		const char *letter = run_options.specs[i].letter;

		if (letter)
			assert_ptr_equal(option_find(&run_options, letter, strlen(letter)),
					 &run_options.specs[i]);
	}
	assert_null(option_find(&run_options, "-h", 2));
	/* The length counts. */
	assert_null(option_find(&run_options, "--kernels", 9));
	assert_non_null(option_find(&run_options, "--kernels", 8));
	assert_null(option_find(&run_options, "--kernel", 7));
}

static void a_missing_or_superfluous_value_is_refused(void **state)
{
	(void)state;
	assert_refused("--kernel", "--kernel", "missing", NULL);
	assert_refused("--kernel --rng", "--kernel", "missing", NULL);
	assert_refused("--kernel k --rng=yes", "--rng", "no value", NULL);
	assert_refused("--kernel k stray", "stray", NULL);
	assert_refused("--kernel=", "--kernel", "path", NULL);
}

static void what_stands_behind_two_dashes_is_a_command(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --initrd i -- ls --rng -- -l", &config);
	assert_string_equal(config.command[0], "ls");
	assert_string_equal(config.command[1], "--rng");
	assert_string_equal(config.command[2], "--");
	assert_string_equal(config.command[3], "-l");
	assert_int_equal(config.command_words, 4);
	assert_false(config.rng);
	assert_int_equal(config.on_reboot, ON_REBOOT_EXIT);
	assert_accepted("--kernel k --inject f:/f -- /f", &config);
	assert_accepted("--kernel k", &config);
	assert_null(config.command);
	assert_refused("--kernel k --initrd i --", "expected CMD", NULL);
	assert_null(config.root);
	assert_refused("--firmware f -- ls", "--kernel", NULL);
	assert_refused("--kernel k --initrd i --append rdinit=/x -- ls", "rdinit=", NULL);
}

static void a_command_without_an_initrd_has_a_root(void **state)
{
	struct config config;
	char many[400] = "--kernel k";

	(void)state;
	assert_accepted("--kernel k --share a -- ls", &config);
	assert_string_equal(config.root, "/");
	assert_int_equal(config.backend_count, 2);
	assert_string_equal(config.backends[0].tag, "share0");
	assert_string_equal(config.backends[1].share, "/");
	assert_string_equal(config.backends[1].tag, "vhart-root");
	assert_true(config.backends[1].root && config.backends[1].read_only);
	assert_accepted("--kernel k --root d -- ls", &config);
	assert_string_equal(config.backends[0].share, "d");
	assert_accepted("--kernel k --initrd i -- ls", &config);
	assert_null(config.root);
	assert_int_equal(config.backend_count, 0);
	assert_refused("--kernel k --root d", "--root", "-- CMD", NULL);
	assert_refused("--kernel k --root d --initrd i -- ls", "--root", "--initrd", NULL);
	assert_refused("--kernel k --root d --inject a:/b -- ls", "--inject", NULL);
	assert_refused("--kernel k --share d,tag=vhart-root -- ls", "one tag", NULL);
	for (unsigned int i = 0; i < 16; i++)
		strcat(many, " --share d");
	assert_accepted(many, &config);
	strcat(many, " -- ls");
	assert_refused(many, "--root", "16", NULL);
}

static void files_come_out_of_a_command(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --extract /a:b:c --extract /d/e:f -- ls", &config);
	assert_int_equal(config.extract_count, 2);
	assert_string_equal(config.extracts[0].guest_path, "/a");
	assert_string_equal(config.extracts[0].host_path, "b:c");
	assert_refused("--kernel k --extract a:b -- ls", "GUESTPATH", "absolute", NULL);
	assert_refused("--kernel k --extract /a: -- ls", "GUESTPATH", NULL);
	assert_refused("--kernel k --extract /a -- ls", "GUESTPATH", NULL);
	assert_refused("--kernel k --extract /a:b", "--extract", "-- CMD", NULL);
}

static void an_argument_for_the_kernel_may_look_like_an_option(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --append --debug", &config);
	assert_string_equal(config.append, "--debug");
	assert_accepted("--kernel k --append=--rng", &config);
	assert_string_equal(config.append, "--rng");
}

/* Linux keeps 1023 characters, and the console= that is put in front is among them. */
static void a_command_line_that_linux_would_cut_is_refused(void **state)
{
	static char text[2048];
	struct config config;
	const int start = snprintf(text, sizeof(text), "--kernel k --append ");

	(void)state;
	memset(text + start, 'x', 1023);
	assert_refused(text, "--append", "1037 bytes", "console=ttyS0", "shorten it by 14", NULL);
	text[start + 1009] = '\0';
	assert_accepted(text, &config);
	memcpy(text + start, "console=", 8);
	memset(text + start + 1009, 'x', 14);
	assert_accepted(text, &config);
	strcat(text, "x");
	assert_refused(text, "--append", "1024 bytes: Linux", "1023", "shorten it by 1", NULL);
}

static void what_is_booted_must_be_clear(void **state)
{
	struct config config;

	(void)state;
	assert_refused("--memory 64M", "--kernel", "--firmware", NULL);
	assert_refused("--kernel k --firmware f", "--firmware", "--kernel", NULL);
	assert_refused("--firmware f --initrd i", "--initrd", "--kernel", NULL);
	assert_refused("--firmware f --append x", "--append", "--kernel", NULL);
	assert_refused("--firmware f --inject a:/b", "--inject", "--kernel", NULL);
	assert_accepted("--firmware f --disk d --net user", &config);
	assert_null(config.firmware_vars);
	assert_accepted("--firmware a,b,vars=c,d", &config);
	assert_string_equal(config.firmware, "a,b");
	assert_string_equal(config.firmware_vars, "c,d");
	assert_refused("--firmware f,vars=", "--firmware f,vars=", "FILE,vars=FILE", NULL);
	assert_refused("--firmware ,vars=v", "--firmware ,vars=v", "FILE,vars=FILE", NULL);
	assert_refused("--firmware=", "--firmware", "FILE", NULL);
	assert_accepted("--kernel k --inject a:/b", &config);
}

static void what_goes_on_in_the_background_has_no_terminal(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k --daemonize --pidfile p --serial pty --console-log l", &config);
	assert_true(config.daemonize);
	assert_string_equal(config.pidfile, "p");
	assert_string_equal(config.console_log, "l");
	assert_int_equal(config.serials[0].kind, SERIAL_PTY);
	assert_refused("--kernel k --initrd i --daemonize -- true", "--daemonize", "-- CMD", NULL);
	assert_refused("--kernel k --daemonize --console none --serial stdio", "--daemonize",
		       "--serial stdio", NULL);
	assert_refused("--kernel k --daemonize --exit-log 3", "--daemonize", "vhart stat -p", NULL);
	assert_refused("--kernel k --serial stdio", "--serial stdio", "--console none", NULL);
	assert_refused("--kernel k --serial tcp:1", "--serial tcp:1", "file=PATH", NULL);
	assert_refused("--kernel k --console-log ,append", "--console-log", "FILE", NULL);
	assert_refused("--kernel k --pidfile=", "--pidfile", NULL);
}

static void injected_files_need_an_absolute_clean_guest_path(void **state)
{
	static const char *const wrong[] = {"h",       "h:",	":/g",	   "h:g",
					    "h:/",     "h:/a/", "h:/a//b", "h:/../b",
					    "h:/a/..", "h:/.",	"h:/./a"};
	struct config config;
	char text[64];

	(void)state;
	assert_accepted("--kernel k --inject h:/a/b.sh --inject h:/..a/.b/c..", &config);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "--kernel k --inject %s", wrong[i]);
		assert_refused(text, "--inject", wrong[i], "HOSTFILE:GUESTPATH", NULL);
	}
}

static void choices_name_what_they_accept(void **state)
{
	(void)state;
	assert_refused("--kernel k --net bridge", "--net bridge", "user", "tap=IF", NULL);
	assert_refused("--kernel k --net tap=", "--net tap=", NULL);
	assert_refused("--kernel k --net tap=sixteen-letters-", "--net", NULL);
	assert_refused("--kernel k --net tap=a/b", "--net", NULL);
	assert_refused("--kernel k --console hvc", "--console hvc", "virtio", NULL);
	assert_refused("--kernel k --transport isa", "--transport isa", "mmio", NULL);
	assert_refused("--kernel k --aia on", "--aia on", "auto", NULL);
	assert_refused("--kernel k --power-key yes", "--power-key yes", "auto, on", NULL);
	assert_refused("--kernel k --on-reboot maybe", "--on-reboot maybe", "restart", NULL);
	assert_refused("--kernel k --name a/b", "--name a/b", "letters", NULL);
	assert_refused("--kernel k --name=", "--name", NULL);
}

static void help_lists_every_option_and_ends_there(void **state)
{
	static char help[16384];
	struct config config;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
	int status = run_line_parse("--cpus 2 -h --nonsense", &config);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	help[fread(help, 1, sizeof(help) - 1, file)] = '\0';
	fclose(file);

	assert_int_equal(status, 0);
	assert_int_equal(messages, 0);
	assert_true(config.help);
	for (size_t i = 0; i < run_options.count; i++) {
		char entry[80];
		const char *letter = run_options.specs[i].letter;
		snprintf(entry, sizeof(entry), "\n  %s%s%s", letter ? letter : "",
			 letter ? ", " : "", run_options.specs[i].name);
		if (!strstr(help, entry))
			fail_msg("--help does not have %s", run_options.specs[i].name);
	}
	for (char *at = strtok(help, "\n"); at; at = strtok(NULL, "\n")) {
		if (strlen(at) > 100)
			fail_msg("a line of --help is too long: %s", at);
	}
}

/* The manual page as plain text: roff writes a dash of an option as \-. */
static char *read_manual(void)
{
	const char *folder = getenv("VHART_SOURCE");
	char path[4096];

	assert_non_null(folder);
	snprintf(path, sizeof(path), "%s/vmm/vhart.1", folder);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	static char text[1 << 18];
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (*from != '\\' || from[1] != '-')
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

static void the_manual_page_has_every_option(void **state)
{
	const char *manual = read_manual();

	(void)state;
	for (size_t i = 0; i < run_options.count; i++) {
		const char *name = run_options.specs[i].name, *at = manual;
		char flag[64];

		/* mdoc(7) spells --kernel as ".Fl -kernel"; --help is text. */
		const char *letter = run_options.specs[i].letter;
		snprintf(flag, sizeof(flag), "%s%s%sFl %s", letter ? "Fl " : "",
			 letter ? letter + 1 : "", letter ? " , " : "", name + 1);
		do {
			at = strstr(at, flag);
			if (!at)
				fail_msg("vhart.1 does not have %s", name);
			at += strlen(flag);
		} while (isalnum((unsigned char)*at) || *at == '-');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_alone_gets_the_defaults),
		cmocka_unit_test(every_option_reaches_the_configuration),
		cmocka_unit_test(a_value_may_follow_an_equals_sign),
		cmocka_unit_test(sizes_need_a_unit_and_must_fit),
		cmocka_unit_test(memory_is_at_least_16_mib_in_steps_of_2_mib),
		cmocka_unit_test(numbers_are_plain_and_in_range),
		cmocka_unit_test(harts_are_checked),
		cmocka_unit_test(an_option_given_twice_is_refused),
		cmocka_unit_test(an_unknown_option_is_refused_with_the_nearest_name),
		cmocka_unit_test(what_other_vmms_call_it_is_known),
		cmocka_unit_test(kvmtools_letters_are_short_names),
		cmocka_unit_test(a_missing_or_superfluous_value_is_refused),
		cmocka_unit_test(what_stands_behind_two_dashes_is_a_command),
		cmocka_unit_test(a_command_without_an_initrd_has_a_root),
		cmocka_unit_test(files_come_out_of_a_command),
		cmocka_unit_test(an_argument_for_the_kernel_may_look_like_an_option),
		cmocka_unit_test(a_command_line_that_linux_would_cut_is_refused),
		cmocka_unit_test(what_is_booted_must_be_clear),
		cmocka_unit_test(what_goes_on_in_the_background_has_no_terminal),
		cmocka_unit_test(injected_files_need_an_absolute_clean_guest_path),
		cmocka_unit_test(choices_name_what_they_accept),
		cmocka_unit_test(help_lists_every_option_and_ends_there),
		cmocka_unit_test(the_manual_page_has_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
