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
#include "vmm/config.h"
#include "vmm/kvm/isa.h"
#include "vmm/run/run_names.h"
#include "vmm/run/run_options.h"

enum { ARGUMENTS_MAX = 200 };

/* The command line of one test: the words of a string, as vhart gets them (they may be cut up). */
struct line {
	char text[8192];
	char *argv[ARGUMENTS_MAX];
	int argc;
};

static void split(struct line *line, const char *text)
{
	static char run[] = "run";
	char *rest = line->text;

	snprintf(line->text, sizeof(line->text), "%s", text);
	line->argc = 0;
	line->argv[line->argc++] = run;
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		line->argv[line->argc++] = word;
}

static struct line line;

static int parse(const char *text, struct config *config)
{
	split(&line, text);
	messages = 0;
	message[0] = '\0';
	return options_parse(line.argc, line.argv, config);
}

static void assert_accepted(const char *text, struct config *config)
{
	int status = parse(text, config);

	if (status || messages)
		fail_msg("\"%s\" was refused: %s", text, message);
}

/* Refused with one message that contains all of the words after it, up to NULL. */
static void assert_refused(const char *text, ...)
{
	struct config config;
	va_list words;

	int status = parse(text, &config);
	if (status != STATUS_USAGE || messages != 1)
		fail_msg("\"%s\": status %d, %d messages: %s", text, status, messages, message);
	va_start(words, text);
	for (const char *word = va_arg(words, const char *); word;
	     word = va_arg(words, const char *)) {
		if (!strstr(message, word))
			fail_msg("\"%s\": no \"%s\" in: %s", text, word, message);
	}
	va_end(words);
	assert_null(strchr(message, '\n'));
}

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

static void disks_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --disk d,serial=12345678901234567890", &config);
	assert_refused("--kernel k --disk d,serial=123456789012345678901", "20", NULL);
	assert_refused("--kernel k --disk d,serial=", "--disk d,serial=", NULL);
	assert_refused("--kernel k --disk d,readonly", "--disk d,readonly", "comma", NULL);
	assert_refused("--kernel k --disk d,ro,ro", "--disk d,ro,ro", NULL);
	assert_refused("--kernel k --disk d,raw,raw", "--disk d,raw,raw", NULL);
	assert_accepted("--kernel k --disk d,format=raw,share-rw=off", &config);
	assert_true(config.disks[0].raw);
	assert_false(config.disks[0].share_rw);
	assert_refused("--kernel k --disk d,raw,format=raw", "--disk d,raw,format=raw", NULL);
	assert_refused("--kernel k --disk d,format=", "format=raw", NULL);
	assert_refused("--kernel k --disk d,format=qcow3", "format=raw, qcow2", NULL);
	assert_refused("--kernel k --disk d,format=qcow2,raw", "--disk d,format=qcow2,raw", NULL);
	assert_refused("--kernel k --disk d,share-rw", "--disk d,share-rw", NULL);
	assert_refused("--kernel k --disk d,share-rw=yes", "share-rw=on", "off", NULL);
	assert_refused("--kernel k --disk ,ro", "--disk ,ro", NULL);
	assert_refused("--kernel k --disk d,", "--disk d,", NULL);
	for (int i = 0; i < CONFIG_MAX_DISKS; i++)
		strcat(many, " --disk d");
	assert_accepted(many, &config);
	assert_int_equal(config.disk_count, CONFIG_MAX_DISKS);
	strcat(many, " --disk d");
	assert_refused(many, "16 disks", NULL);
}

/* By its name, as the user gave it; and what FORMAT is then, NULL for raw. */
static void assert_served(const char *words, const char *format, bool by_name)
{
	struct config config;

	assert_accepted(words, &config);
	assert_int_equal(config.disk_count, 1);
	assert_int_equal(config.disks[0].by_name, by_name);
	if (format)
		assert_string_equal(config.disks[0].format, format);
	else
		assert_null(config.disks[0].format);
	assert_int_equal(config.backend_count, format || config.disks[0].on_server);
	if (!config.backend_count)
		return;
	assert_true(config_backend_is_of(&config.backends[0], "blk"));
	assert_string_equal(config.backends[0].type, "blk");
	assert_int_equal(config.backends[0].index, 0);
}

static void disks_of_other_formats_are_another_processs(void **state)
{
	char many[1024] = "--kernel k --share a";
	struct config config;

	(void)state;
	assert_served("--kernel k --disk d", NULL, false);
	assert_served("--kernel k --disk d.img", NULL, false);
	assert_served("--kernel k --disk .qcow2", NULL, false);
	assert_served("--kernel k --disk d.qcow2", "qcow2", true);
	assert_served("--kernel k --disk d.QCOW2,ro", "qcow2", true);
	assert_served("--kernel k --disk a/b.vmdk", "vmdk", true);
	assert_served("--kernel k --disk d.vhd", "vpc", true);
	assert_served("--kernel k --disk d.qcow2,format=raw", NULL, false);
	assert_served("--kernel k --disk d.qcow2,raw,share-rw=on,serial=s", NULL, false);
	assert_served("--kernel k --disk d.qcow2,format=vdi", "vdi", false);
	assert_served("--kernel k --disk d,format=parallels,direct", "parallels", false);
	assert_served("--kernel k --disk nbd://h/e.qcow2", NULL, false);
	assert_served("--kernel k --disk nbd+unix:///?socket=/s,format=qcow2", "qcow2", false);
	assert_refused("--kernel k --disk nbd://", "--disk nbd://", "nbd://HOST", NULL);
	assert_refused("--kernel k --disk https://h/x.qcow2", "nbd://HOST", NULL);
	assert_refused("--kernel k --disk d.qcow2,serial=s", "raw disk", "serial", NULL);
	assert_refused("--kernel k --disk d.qcow2,share-rw=on", "raw disk", "several", NULL);
	assert_refused("--kernel k --disk nbd://h/,serial=s", "raw disk", "serial", NULL);
	assert_accepted("--kernel k --disk a --disk b.qcow2 --share s --disk c --disk nbd://h",
			&config);
	assert_int_equal(config.backend_count, 3);
	assert_int_equal(config.backends[1].index, 1);
	assert_int_equal(config.backends[2].index, 3);
	for (int i = 0; i < CONFIG_MAX_BACKENDS - 1; i++)
		strcat(many, " --disk d.qcow2");
	assert_accepted(many, &config);
	strcat(many, " --disk d.qcow2");
	assert_refused(many, "16 shares", NULL);
}

static void shares_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --share a,ro --share b,tag=t --share c --vhost-user "
			"blk,socket=s --vhost-user fs,socket=s",
			&config);
	assert_int_equal(config.backend_count, 5);
	assert_true(config.backends[0].read_only);
	assert_string_equal(config.backends[0].share, "a");
	assert_string_equal(config.backends[0].tag, "share0");
	assert_string_equal(config.backends[1].tag, "t");
	assert_string_equal(config.backends[2].tag, "share1");
	assert_null(config.backends[3].share);
	assert_null(config.backends[3].tag);
	assert_string_equal(config.backends[3].type, "blk");
	assert_string_equal(config.backends[3].socket, "s");
	assert_string_equal(config.backends[4].tag, "share2");
	assert_refused("--kernel k --share ,ro", "--share ,ro", NULL);
	assert_refused("--kernel k --share a,rw", "--share a,rw", "comma", NULL);
	assert_refused("--kernel k --share a,tag=", "36", NULL);
	assert_refused("--kernel k --share a,tag=1234567890123456789012345678901234567", "36",
		       NULL);
	assert_refused("--kernel k --share a --share b,tag=share0", "one tag", "tag=T", NULL);
	assert_refused("--kernel k --vhost-user fs", "socket=PATH", NULL);
	assert_refused("--kernel k --vhost-user blk,socket=s,tag=t", "only a file system", NULL);
	assert_refused("--kernel k --share a,ro,ro", "--share a,ro,ro", NULL);
	assert_refused("--kernel k --vhost-user gpu,socket=s", "fs, blk or net", NULL);
	for (int i = 0; i < CONFIG_MAX_BACKENDS; i++)
		strcat(many, " --share d");
	assert_accepted(many, &config);
	strcat(many, " --share d");
	assert_refused(many, "16 shares", NULL);
}

static void network_cards_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted(
		"--kernel k --net user --net tap=tap0,mtu=9000 --net user,mac=52:54:00:Ab:cd:01 "
		"--vhost-user net,socket=s,mac=52:54:00:00:00:09 --vhost-user net,socket=s",
		&config);
	assert_int_equal(config.net_count, 3);
	assert_null(config.nets[0].tap);
	assert_int_equal(config.nets[0].subnet, 2);
	assert_int_equal(config.nets[0].mtu, 0);
	assert_string_equal(config.nets[1].tap, "tap0");
	assert_int_equal(config.nets[1].mtu, 9000);
	assert_int_equal(config.nets[2].subnet, 3);
	assert_memory_equal(config.nets[2].mac, "\x52\x54\0\xab\xcd\1", 6);
	assert_memory_equal(config.backends[0].mac, "\x52\x54\0\0\0\x09", 6);
	assert_memory_equal(config.backends[1].mac, "\x52\x54\0", 3);
	assert_accepted("--kernel k --net none", &config);
	assert_int_equal(config.net_count, 0);
	assert_refused("--kernel k --net none --net user", "--net none", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=53:54:00:00:00:01", "group", NULL);
	assert_refused("--kernel k --net user,mac=00:00:00:00:00:00", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00:01x", "mac=", NULL);
	assert_refused("--kernel k --net user,mtu=1279", "1280", NULL);
	assert_refused("--kernel k --net tap=t,mtu=65522", "65521", NULL);
	assert_refused("--kernel k --net user,mtu=1500,mtu=1500", "MTU", NULL);
	assert_refused("--kernel k --net user,net=10.0.0.0/8", "hostfwd=RULE", NULL);
	assert_refused("--kernel k --net tap=t --net tap=t", "one MAC", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00:09 --vhost-user "
		       "net,socket=s,mac=52:54:00:00:00:09",
		       "one MAC", NULL);
	assert_refused("--kernel k --vhost-user blk,socket=s,mac=52:54:00:00:00:09", "network card",
		       NULL);
	assert_accepted(
		"--kernel k --net tap=a --net tap=b,vhost=on --net tap=c,vhost=off,mtu=1500 "
		"--net tap=d,vhost=auto",
		&config);
	assert_int_equal(config.nets[0].vhost, NET_VHOST_AUTO);
	assert_int_equal(config.nets[1].vhost, NET_VHOST_ON);
	assert_int_equal(config.nets[2].vhost, NET_VHOST_OFF);
	assert_int_equal(config.nets[3].vhost, NET_VHOST_AUTO);
	assert_refused("--kernel k --net tap=a,vhost=yes", "on, off or auto", NULL);
	assert_refused("--kernel k --net tap=a,vhost=on,vhost=on", "on, off or auto", NULL);
	assert_refused("--kernel k --net user,vhost=on", "only --net tap=IF", NULL);
	assert_accepted("--kernel k --net tap=a --net tap=b,queues=8,vhost=on --net tap=c,queues=1",
			&config);
	assert_int_equal(config.nets[0].queues, 0);
	assert_int_equal(config.nets[1].queues, 8);
	assert_int_equal(config.nets[2].queues, 1);
	assert_refused("--kernel k --net tap=a,queues=0", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=9", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=two", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=2,queues=2", "from 1 to 8", NULL);
	assert_refused("--kernel k --net user,queues=2", "only --net tap=IF", NULL);
	assert_refused("--kernel k --net passt,queues=2", "only --net tap=IF", NULL);
	for (int i = 0; i < CONFIG_MAX_NETS; i++)
		strcat(many, " --net user");
	assert_accepted(many, &config);
	strcat(many, " --net user");
	assert_refused(many, "8 network cards", NULL);
}

/* Each is a back-end too, behind those of the other options. */
static void passt_is_a_card_and_a_backend(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --net user --net passt,mtu=9000,hostfwd=udp:0.0.0.0:53-:5353 "
			"--share s --net passt,mac=52:54:00:00:00:09",
			&config);
	assert_int_equal(config.net_count, 3);
	assert_true(config.nets[1].passt);
	assert_int_equal(config.nets[1].subnet, 0);
	assert_int_equal(config.nets[1].forward_count, 1);
	assert_int_equal(config.nets[1].forwards[0].guest.s_addr, 0);
	assert_int_equal(config.backend_count, 3);
	assert_false(config_backend_is_of(&config.backends[0], "net"));
	assert_true(config_backend_is_of(&config.backends[1], "net"));
	assert_int_equal(config.backends[1].index, 1);
	assert_int_equal(config.backends[2].index, 2);
	assert_string_equal(config.backends[2].type, "net");
	assert_memory_equal(config.backends[2].mac, "\x52\x54\0\0\0\x09", 6);
	assert_refused("--kernel k --net passt,hostfwd=tcp::22-10.0.2.15:22", "GUESTADDR", NULL);
	assert_refused("--kernel k --net passt,vhost=on", "only --net tap=IF", NULL);
	assert_refused("--kernel k --net passt,mac=52:54:00:00:00:09 --net "
		       "user,mac=52:54:00:00:00:09",
		       "one MAC", NULL);
	for (int i = 0; i < CONFIG_MAX_BACKENDS; i++)
		strcat(many, " --share d");
	strcat(many, " --net passt");
	assert_refused(many, "--net passt", "16 shares", NULL);
}

static void a_cid_is_one_that_a_guest_can_have(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k", &config);
	assert_int_equal(config.vsock_cid, 0);
	assert_accepted("--kernel k --vsock 3", &config);
	assert_int_equal(config.vsock_cid, 3);
	assert_accepted("--kernel k --vsock 4294967294", &config);
	assert_int_equal(config.vsock_cid, 0xfffffffe);
	assert_refused("--kernel k --vsock 2", "--vsock 2", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock 4294967295", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock host", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock 3 --vsock 4", "--vsock", NULL);
}

/* HOSTADDR 0x7f000001 is 127.0.0.1. */
static void assert_forward(const struct net_forward *forward, bool udp, uint32_t host,
			   unsigned int host_port, uint32_t guest, unsigned int guest_port)
{
	assert_int_equal(forward->udp, udp);
	assert_int_equal(ntohl(forward->host.s_addr), host);
	assert_int_equal(forward->host_port, host_port);
	assert_int_equal(ntohl(forward->guest.s_addr), guest);
	assert_int_equal(forward->guest_port, guest_port);
}

static void forwards_are_spelled_as_in_qemu(void **state)
{
	static const char *const wrong[] = {
		"",
		"tcp",
		"tcp:",
		"tcp:2222-:22",
		"tcp::2222",
		"tcp::2222-22",
		"tcp::2222:22",
		"tcp::0-:22",
		"tcp::2222-:0",
		"tcp::65536-:22",
		"tcp::2222-:22x",
		"tcp::2222-:22-",
		"tcp:localhost:2222-:22",
		"tcp:1.2.3:2222-:22",
		"tcp:[::1]:2222-:22",
		"icmp::2222-:22",
		"TCP::2222-:22",
	};
	struct config config;
	char text[96];

	(void)state;
	assert_accepted("--kernel k --net user,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp::53-"
			"10.0.2.16:5353,hostfwd=tcp:0.0.0.0:8080-:80 --net user,hostfwd=::1-:2",
			&config);
	assert_int_equal(config.nets[0].forward_count, 3);
	assert_forward(&config.nets[0].forwards[0], false, 0x7f000001, 2222, 0x0a00020f, 22);
	assert_forward(&config.nets[0].forwards[1], true, 0x7f000001, 53, 0x0a000210, 5353);
	assert_forward(&config.nets[0].forwards[2], false, 0, 8080, 0x0a00020f, 80);
	assert_forward(&config.nets[1].forwards[0], false, 0x7f000001, 1, 0x0a00030f, 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "--kernel k --net user,hostfwd=%s", wrong[i]);
		assert_refused(text, "hostfwd=tcp::2222-:22", wrong[i], NULL);
	}
	assert_refused("--kernel k --net tap=t,hostfwd=tcp::2222-:22", "--net user", NULL);
	assert_refused("--kernel k --net user,hostfwd=tcp::2222-10.0.3.15:22", "10.0.2.0/24", NULL);
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
	int status = parse("--cpus 2 -h --nonsense", &config);
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
		cmocka_unit_test(disks_are_checked),
		cmocka_unit_test(disks_of_other_formats_are_another_processs),
		cmocka_unit_test(shares_are_checked),
		cmocka_unit_test(network_cards_are_checked),
		cmocka_unit_test(passt_is_a_card_and_a_backend),
		cmocka_unit_test(a_cid_is_one_that_a_guest_can_have),
		cmocka_unit_test(forwards_are_spelled_as_in_qemu),
		cmocka_unit_test(what_goes_on_in_the_background_has_no_terminal),
		cmocka_unit_test(injected_files_need_an_absolute_clean_guest_path),
		cmocka_unit_test(choices_name_what_they_accept),
		cmocka_unit_test(help_lists_every_option_and_ends_there),
		cmocka_unit_test(the_manual_page_has_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
