/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --config, and what --print-config makes of a command line and one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
#include "vmm/run/config_file.h"
#include "vmm/run/run_options.h"

/* ---- a file, and words behind it ---- */

static char folder[64], file[128];

static void write_file(const char *text)
{
	FILE *to = fopen(file, "w");

	assert_non_null(to);
	assert_true(fputs(text, to) >= 0);
	assert_int_equal(fclose(to), 0);
}

enum { WORDS_MAX = 64 };

/* Owned by the test until the next one: configurations point into it. */
struct line {
	char *argv[WORDS_MAX];
	int argc;
};

static void line_add(struct line *line, const char *word)
{
	assert_true(line->argc < WORDS_MAX);
	line->argv[line->argc] = strdup(word);
	assert_non_null(line->argv[line->argc++]);
}

static void line_free(struct line *line)
{
	for (int i = 0; i < line->argc; i++)
		free(line->argv[i]);
	line->argc = 0;
}

static struct line line;

/* Options of TEXT are parted by single spaces. */
static int parse(const char *file_text, const char *text, struct config *config)
{
	char copy[512], *rest = copy;

	write_file(file_text);
	line_free(&line);
	line_add(&line, "run");
	line_add(&line, "--config");
	line_add(&line, file);
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		if (*word)
			line_add(&line, word);
	messages = 0;
	message[0] = '\0';
	return options_parse(line.argc, line.argv, config);
}

static void assert_accepted(const char *file_text, const char *text, struct config *config)
{
	if (parse(file_text, text, config) != 0 || messages)
		fail_msg("refused: %s", message);
}

/* With one message, which begins with FILE:WHERE and has WORDS. */
static void assert_refused(const char *file_text, const char *text, const char *where,
			   const char *words)
{
	struct config config;
	char begin[256];

	if (parse(file_text, text, &config) != STATUS_USAGE || messages != 1)
		fail_msg("%d messages: %s", messages, message);
	snprintf(begin, sizeof(begin), "%s%s", *where ? file : "", where);
	if (strncmp(message, begin, strlen(begin)) != 0 || !strstr(message, words))
		fail_msg("not \"%s\" ... \"%s\": %s", begin, words, message);
	assert_null(strchr(message, '\n'));
	/* Nothing is left to free. */
	assert_int_equal(config.words.count, 0);
}

static void a_line_is_an_option(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("# a comment\n\n  \t\nkernel /Image\n  cpus\t4 \n--memory=1G\r\nrng\n"
			"initrd = /i  \nnet\ttap=tap7\n  # another\nname web1",
			"", &config);
	assert_string_equal(config.kernel, "/Image");
	assert_int_equal(config.cpus, 4);
	assert_true(config.rng);
	assert_string_equal(config.initrd, "/i");
	assert_string_equal(config.nets[0].tap, "tap7");
	assert_string_equal(config.name, "web1");
	config_free(&config);
}

static void a_value_is_the_rest_of_its_line(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("kernel /Image\nappend root=/dev/vda # \"a  b\" --\n", "", &config);
	assert_string_equal(config.append, "root=/dev/vda # \"a  b\" --");
	config_free(&config);
	/* Blanks at its ends are part of it where = follows the name at once, and only there. */
	assert_accepted("kernel /Image\nappend= quiet \n", "", &config);
	assert_string_equal(config.append, " quiet ");
	config_free(&config);
	assert_accepted("kernel /Image\nappend = quiet \n", "", &config);
	assert_string_equal(config.append, "quiet");
	config_free(&config);
	/* How DOS ends a line is none of it. */
	assert_accepted("kernel /Image\nappend=quiet\r\r\n", "", &config);
	assert_string_equal(config.append, "quiet");
	config_free(&config);
	assert_accepted("kernel /Image\nappend=\n", "", &config);
	assert_string_equal(config.append, "");
	config_free(&config);
}

static void lines_behind_two_dashes_are_the_words_of_a_command(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("kernel /k\ninitrd /i\n--\nls\n-l\n\n# a b \n", "", &config);
	assert_int_equal(config.command_words, 4);
	assert_string_equal(config.command[0], "ls");
	assert_string_equal(config.command[1], "-l");
	assert_string_equal(config.command[2], "");
	assert_string_equal(config.command[3], "# a b ");
	config_free(&config);
	assert_accepted("kernel /k\ninitrd /i\n--\nls\n", "-- cat --config", &config);
	assert_int_equal(config.command_words, 2);
	assert_string_equal(config.command[0], "cat");
	config_free(&config);
}

static void the_command_line_wins_and_adds(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("kernel /a\ncpus 2\ndisk /a\nnet tap=t,queues=2\nmemory 1G\n",
			"--kernel b -c 8 --disk c --net user", &config);
	assert_string_equal(config.kernel, "b");
	assert_int_equal(config.cpus, 8);
	assert_int_equal(config.net_count, 2);
	assert_string_equal(config.nets[0].tap, "t");
	assert_int_equal(config.nets[0].queues, 2);
	assert_null(config.nets[1].tap);
	assert_int_equal(config.memory, 1u << 30);
	assert_int_equal(config.disk_count, 2);
	assert_string_equal(config.disks[0].path, "/a");
	assert_string_equal(config.disks[1].path, "c");
	config_free(&config);
	assert_accepted("kernel /a\ncpu mmu=sv48,zba=off\naffinity 0-511\n",
			"--cpu mmu=sv39 --affinity 4-5", &config);
	assert_int_equal(config.mmu, isa_mmu_mode("sv39"));
	for (size_t i = 0; i < sizeof(config.isa) / sizeof(config.isa[0]); i++)
		assert_int_equal(config.isa[i], ISA_AS_HOST);
	assert_int_equal(config.affinity_count, 2);
	assert_int_equal(config.affinity[0], 4);
	config_free(&config);
}

static void expect_in_folder(const char *path, const char *wanted)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s/%s", folder, wanted);
	assert_string_equal(path, whole);
}

static void relative_paths_are_seen_from_the_file(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("kernel Image\ninitrd /i\ndisk d,ro\nshare ../s,tag=t\ninject f:/g\n"
			"vhost-user fs,socket=a/b,tag=u\ngdb g\nresult r\nappend init\n"
			"control c\ndisk /e\nextract /o:p\nserial unix=s\nserial pty\n"
			"console-log l,append\npidfile i\n--\nx\n",
			"--disk here", &config);
	expect_in_folder(config.kernel, "Image");
	assert_string_equal(config.initrd, "/i");
	expect_in_folder(config.disks[0].path, "d");
	assert_true(config.disks[0].read_only);
	assert_string_equal(config.disks[1].path, "/e");
	assert_string_equal(config.disks[2].path, "here");
	expect_in_folder(config.backends[0].share, "../s");
	expect_in_folder(config.injects[0].host_path, "f");
	assert_string_equal(config.injects[0].guest_path, "/g");
	expect_in_folder(config.backends[1].socket, "a/b");
	expect_in_folder(config.gdb, "g");
	expect_in_folder(config.result, "r");
	expect_in_folder(config.control, "c");
	assert_string_equal(config.extracts[0].guest_path, "/o");
	expect_in_folder(config.extracts[0].host_path, "p");
	assert_string_equal(config.append, "init");
	expect_in_folder(config.serials[0].path, "s");
	assert_int_equal(config.serials[1].kind, SERIAL_PTY);
	expect_in_folder(config.console_log, "l");
	assert_true(config.console_log_append);
	expect_in_folder(config.pidfile, "i");
	config_free(&config);
	assert_accepted("firmware a/f,vars=../v\n", "", &config);
	expect_in_folder(config.firmware, "a/f");
	expect_in_folder(config.firmware_vars, "../v");
	config_free(&config);
	assert_accepted("firmware /f,vars=v\n", "", &config);
	assert_string_equal(config.firmware, "/f");
	expect_in_folder(config.firmware_vars, "v");
	config_free(&config);
	assert_accepted("kernel /k\ngdb 1234\n", "", &config);
	assert_string_equal(config.gdb, "1234");
	config_free(&config);
}

static void a_fault_is_told_with_file_and_line(void **state)
{
	struct config config;
	char absent[] = "--config=/no/such/file", run[] = "run";
	char *argv[] = {run, absent};

	(void)state;
	assert_refused("kernel /k\n\nmemroy 1G\n", "",
		       ":3: ", "unknown option --memroy: did you mean --memory?");
	assert_refused("smp 4\n", "", ":1: ", "unknown option --smp: did you mean --cpus?");
	assert_refused("-m 1G\n", "", ":1: ", "unknown option --m");
	assert_refused("cpus 0\n", "", ":1: ", "--cpus 0: expected a number");
	assert_refused("cpus 1\n#\ncpus 1\n", "", ":3: ", "--cpus is given twice");
	assert_refused("kernel\n", "", ":1: ", "--kernel: its value is missing: --kernel FILE");
	assert_refused("kernel =\n", "", ":1: ", "expected the path");
	assert_refused("rng yes\n", "", ":1: ", "--rng takes no value");
	assert_refused("help\n", "", ":1: ", "unknown option --help: `vhart run --help`");
	assert_refused("config other\n", "", ":1: ", "--config is for the command line only");
	assert_refused("print-config\n", "", ":1: ", "--print-config is for the command line only");
	assert_refused("kernel /k\n--\n", "", ":2: ", "--: expected CMD");
	assert_refused("disk a,b\n", "", ":1: ", "--disk ");
	assert_refused("rng\n", "", "", "nothing to boot");
	assert_refused("kernel /k\n", "--memroy 1G", "", "unknown option --memroy");
	messages = 0;
	assert_int_equal(options_parse(2, argv, &config), STATUS_USAGE);
	assert_int_equal(messages, 1);
	assert_string_equal(message, "--config /no/such/file: No such file or directory");
}

static void what_is_no_text_or_too_long_is_refused(void **state)
{
	struct config config;
	char *text = malloc(OPTION_NAME_MAX + (2u << 20));
	FILE *to;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 2u << 20);
	text[2u << 20] = '\0';
	assert_int_equal(parse(text, "", &config), STATUS_USAGE);
	assert_non_null(strstr(message, "longer than 1 MiB"));
	text[100] = '\0';
	assert_refused(text, "", ":1: ", "a name of more than 64 bytes");
	free(text);
	to = fopen(file, "w");
	assert_non_null(to);
	assert_int_equal(fwrite("kernel /k\n\0rng\n", 1, 15, to), 15);
	fclose(to);
	line_free(&line);
	line_add(&line, "run");
	line_add(&line, "--config");
	line_add(&line, file);
	assert_int_equal(options_parse(line.argc, line.argv, &config), STATUS_USAGE);
	assert_non_null(strstr(message, "it is no text"));
}

/* ---- printing ---- */

static char *printed(const struct config *config, const char *from)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	const bool good = option_words_print(&config->words, from, to);
	fclose(to);
	if (good)
		return text;
	free(text);
	return NULL;
}

static void what_is_printed_is_what_counts(void **state)
{
	struct config config;
	char wanted[1024], *text;

	(void)state;
	assert_accepted("kernel k\ninitrd /i\ncpus 2\ndisk a,ro\nrng\nappend= x\n--\nls\n",
			"-c 4 -d b --gdb 1 --verbose", &config);
	text = printed(&config, "/here/");
	snprintf(wanted, sizeof(wanted),
		 "kernel=%s/k\ninitrd=/i\ncpus=4\ndisk=%s/a,ro\nrng\nappend= "
		 "x\ndisk=/here/b\ngdb=1\nverbose\n"
		 "--\nls\n",
		 folder, folder);
	assert_string_equal(text, wanted);
	free(text);
	config_free(&config);
}

static void what_a_line_cannot_hold_is_refused(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("kernel /k\ninitrd /i\n", "--append a\nb", &config);
	assert_null(printed(&config, "/"));
	assert_non_null(strstr(message, "--append has the end of a line in it"));
	config_free(&config);
	assert_accepted("kernel /k\n", "--append a\r", &config);
	assert_null(printed(&config, "/"));
	config_free(&config);
	assert_accepted("kernel /k\ninitrd /i\n", "-- a\nb", &config);
	assert_null(printed(&config, "/"));
	assert_non_null(strstr(message, "-- CMD has the end of a line in it"));
	config_free(&config);
}

/* ---- the property: reading back what is printed gives the same ---- */

static uint64_t seed = 88172645463325252u;

static unsigned int draw(unsigned int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed % below);
}

/* Any text that a line can hold. */
static void draw_text(char text[64])
{
	static const char letters[] = "ab/=#\"' \t\\-,:\xc3\xa9.";
	const unsigned int len = draw(20);

	for (unsigned int i = 0; i < len; i++)
		text[i] = letters[draw(sizeof(letters) - 1)];
	text[len] = '\0';
}

/* Of options whose value has a form of its own. One that is new goes here. */
static const struct {
	const char *name, *values[4];
} others[] = {
	{"--memory", {"64M", "1G", "16M", "2T"}},
	{"--cpu", {"sstc=off", "v=on,zba=off,mmu=sv39", "mmu=sv57", "a=on"}},
	{"--affinity", {"0", "1,0", "0-3,7", "511"}},
	{"--dt-overlay", {"o", "/a/b", "../c d", " e"}},
	{"--disk", {"g h,raw,serial= s", "/e,ro", "../f.qcow2,direct", "nbd://h/a,ro"}},
	{"--share", {"s", "/t,ro", "./u", " v,ro"}},
	{"--vhost-user", {"fs,socket=s", "blk,socket=/a", "net,socket=../n", "fs,socket=s,tag=q"}},
	{"--net",
	 {"user,mtu=9000", "user,hostfwd=tcp::2222-:22,hostfwd=udp::5353-:53",
	  "user,mtu=1500,hostfwd=tcp::80-:8080", "tap=t,vhost=off,queues=3"}},
	{"--extract", {"/a:b", "/c:/d/e", "/f:g:h", "/ : "}},
	{"--firmware", {"f", "/g,vars=v", "../h,vars=/w", "i,j,vars=k,l"}},
	{"--inject", {"a:/b", "/c:/d/e", "f:g:/h", " :/ "}},
	{"--serial", {"file=s", "unix=/t", "pty", "file=../u,append"}},
	{"--console-log", {"l", "/m,append", "../n", "o p"}},
	{"--pmu-profile", {"best", "spec", "linux-7.2", "linux-6.12.107"}},
	{"--name", {"a", "b-1", "C.d", "_"}},
};

static void draw_other(const char *name, char text[64])
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!strcmp(others[i].name, name)) {
			snprintf(text, 64, "%s", others[i].values[draw(4)]);
			return;
		}
	}
	fail_msg("%s is new: this test needs values of it", name);
}

static void draw_value(const struct option_spec *spec, char text[64])
{
	unsigned int count = 0;

	switch (spec->kind) {
	case KIND_FLAG: return;
	case KIND_TEXT:
	case KIND_PATH: draw_text(text); return;
	case KIND_NUMBER:
		snprintf(text, 64, "%llu", (unsigned long long)spec->least + draw(3));
		return;
	case KIND_SIZE:
		snprintf(text, 64, "%lluK", (unsigned long long)spec->least / 1024 + draw(3));
		return;
	case KIND_SECONDS: snprintf(text, 64, "%u.%u", draw(9), 1 + draw(9)); return;
	case KIND_CHOICE:
		while (spec->choices[count].name)
			count++;
		snprintf(text, 64, "%s", spec->choices[draw(count)].name);
		return;
	case KIND_OTHER: draw_other(spec->name, text); return;
	}
}

/* Some of the options: as lines of TEXT, or as words of LINE. */
static void draw_options(char *text, size_t room, struct line *words)
{
	for (size_t i = 0; i < run_options.count; i++) {
		const struct option_spec *spec = &run_options.specs[i];
		char value[64], option[160];
		unsigned int times = draw(8) == 0 ? spec->repeatable ? 1 + draw(2) : 1 : 0;

		if (spec->not_in_file || (!strcmp(spec->name, "--firmware") && draw(20) != 0))
			continue;
		for (; times; times--) {
			draw_value(spec, value);
			snprintf(option, sizeof(option), "%s%s%s",
				 spec->name + (words ? 0 : draw(2) * 2), spec->value ? "=" : "",
				 spec->value ? value : "");
			if (words)
				line_add(words, option);
			else
				snprintf(text + strlen(text), room - strlen(text), "%s\n", option);
		}
	}
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

/* A is seen from where this runs, or is absolute; B is absolute. */
static void assert_same_path(const char *a, const char *b)
{
	char *here = getcwd(NULL, 0), whole[4200];

	assert_non_null(here);
	assert_int_equal(!a, !b);
	if (a) {
		snprintf(whole, sizeof(whole), "%s%s%s", *a == '/' ? "" : here,
			 *a == '/' ? "" : "/", a);
		assert_string_equal(b, whole);
	}
	free(here);
}

static void assert_same_member(const struct option_spec *spec, const struct config *a,
			       const struct config *b)
{
	const char *at = (const char *)a + spec->offset, *bt = (const char *)b + spec->offset;

	if (spec->not_in_file || spec->kind == KIND_OTHER)
		return;
	if (spec->path == PATH_OR_NUMBER) {
		/* Of which a number is as it was: what is printed says whether the rest is. */
		assert_int_equal(!a->gdb, !b->gdb);
	} else if (spec->kind == KIND_PATH) {
		assert_same_path(*(const char *const *)(const void *)at,
				 *(const char *const *)(const void *)bt);
	} else if (spec->kind == KIND_TEXT) {
		assert_same_text(*(const char *const *)(const void *)at,
				 *(const char *const *)(const void *)bt);
	} else {
		assert_memory_equal(at, bt, spec->size);
	}
}

static void assert_same_rest(const struct config *a, const struct config *b)
{
	assert_int_equal(a->memory, b->memory);
	assert_memory_equal(a->isa, b->isa, sizeof(a->isa));
	assert_int_equal(a->mmu, b->mmu);
	assert_int_equal(a->affinity_count, b->affinity_count);
	assert_memory_equal(a->affinity, b->affinity, a->affinity_count * sizeof(*a->affinity));
	assert_int_equal(a->no_net, b->no_net);
	assert_int_equal(a->net_count, b->net_count);
	for (unsigned int i = 0; i < a->net_count; i++) {
		assert_same_text(a->nets[i].tap, b->nets[i].tap);
		assert_memory_equal(a->nets[i].mac, b->nets[i].mac, sizeof(a->nets[i].mac));
		assert_int_equal(a->nets[i].mtu, b->nets[i].mtu);
		assert_int_equal(a->nets[i].queues, b->nets[i].queues);
		assert_int_equal(a->nets[i].forward_count, b->nets[i].forward_count);
	}
	assert_int_equal(a->pmu_profile, b->pmu_profile);
	assert_same_path(a->firmware, b->firmware);
	assert_same_path(a->firmware_vars, b->firmware_vars);
	assert_same_text(a->name, b->name);
	assert_int_equal(a->disk_count, b->disk_count);
	for (unsigned int i = 0; i < a->disk_count; i++) {
		if (a->disks[i].on_server)
			assert_same_text(a->disks[i].path, b->disks[i].path);
		else
			assert_same_path(a->disks[i].path, b->disks[i].path);
		assert_same_text(a->disks[i].format, b->disks[i].format);
		assert_same_text(a->disks[i].serial, b->disks[i].serial);
		assert_int_equal(a->disks[i].read_only, b->disks[i].read_only);
		assert_int_equal(a->disks[i].direct, b->disks[i].direct);
		assert_int_equal(a->disks[i].raw, b->disks[i].raw);
	}
	assert_int_equal(a->inject_count, b->inject_count);
	for (unsigned int i = 0; i < a->inject_count; i++) {
		assert_same_path(a->injects[i].host_path, b->injects[i].host_path);
		assert_string_equal(a->injects[i].guest_path, b->injects[i].guest_path);
	}
	assert_int_equal(a->extract_count, b->extract_count);
	for (unsigned int i = 0; i < a->extract_count; i++) {
		assert_string_equal(a->extracts[i].guest_path, b->extracts[i].guest_path);
		assert_same_path(a->extracts[i].host_path, b->extracts[i].host_path);
	}
	assert_int_equal(a->backend_count, b->backend_count);
	for (unsigned int i = 0; i < a->backend_count; i++) {
		assert_string_equal(a->backends[i].type, b->backends[i].type);
		assert_same_path(a->backends[i].share, b->backends[i].share);
		assert_same_path(a->backends[i].socket, b->backends[i].socket);
		assert_same_text(a->backends[i].tag, b->backends[i].tag);
		assert_int_equal(a->backends[i].read_only, b->backends[i].read_only);
	}
	assert_int_equal(a->serial_count, b->serial_count);
	for (unsigned int i = 0; i < a->serial_count; i++) {
		assert_int_equal(a->serials[i].kind, b->serials[i].kind);
		assert_same_path(a->serials[i].path, b->serials[i].path);
		assert_int_equal(a->serials[i].append, b->serials[i].append);
	}
	assert_same_path(a->console_log, b->console_log);
	assert_int_equal(a->console_log_append, b->console_log_append);
	assert_int_equal(a->command_words, b->command_words);
	for (unsigned int i = 0; i < a->command_words; i++)
		assert_string_equal(a->command[i], b->command[i]);
}

/* As words of a command line those of FROM are the same options; SAME has them from a file. */
static void read_as_arguments(const struct config *from, const struct config *same)
{
	char **arguments = option_words_arguments(&from->words, "vhart", "run");
	struct config config;
	int count = 0;

	assert_non_null(arguments);
	assert_string_equal(arguments[0], "vhart");
	while (arguments[count])
		count++;
	if (options_parse(count - 1, arguments + 1, &config) != 0)
		fail_msg("not read as arguments: %s", message);
	assert_null(config.config_file);
	for (size_t i = 0; i < run_options.count; i++)
		assert_same_member(&run_options.specs[i], &config, same);
	assert_same_rest(&config, same);
	config_free(&config);
	free(arguments);
}

/* Returns whether the options that were drawn go together. */
static bool read_back(void)
{
	char text[8192] = "kernel=/k\n", value[64], *here = getcwd(NULL, 0), *slashed, *first,
	     *second;
	struct line words = {.argc = 0}, again = {.argc = 0};
	struct config config, config_again;

	assert_non_null(here);
	assert_true(asprintf(&slashed, "%s/", here) > 0);
	if (draw(2))
		draw_options(text, sizeof(text), NULL);
	write_file(strstr(text + 1, "kernel=") ? strchr(text, '\n') + 1 : text);
	line_add(&words, "run");
	line_add(&words, "--config");
	line_add(&words, file);
	draw_options(NULL, 0, &words);
	if (draw(4) == 0) {
		line_add(&words, "--");
		line_add(&words, "cmd");
		for (unsigned int left = draw(4); left; left--) {
			draw_text(value);
			line_add(&words, value);
		}
	}
	const bool good = options_parse(words.argc, words.argv, &config) == 0;
	if (good) {
		first = printed(&config, slashed);
		assert_non_null(first);
		write_file(first);
		line_add(&again, "run");
		line_add(&again, "--config");
		line_add(&again, file);
		if (options_parse(again.argc, again.argv, &config_again) != 0)
			fail_msg("not read back: %s\n%s", message, first);
		for (size_t i = 0; i < run_options.count; i++)
			assert_same_member(&run_options.specs[i], &config, &config_again);
		assert_same_rest(&config, &config_again);
		second = printed(&config_again, "/elsewhere/");
		assert_string_equal(second, first);
		read_as_arguments(&config, &config_again);
		free(first);
		free(second);
		config_free(&config);
		config_free(&config_again);
	}
	line_free(&words);
	line_free(&again);
	free(slashed);
	free(here);
	return good;
}

static void reading_back_what_is_printed_gives_the_same(void **state)
{
	enum { ROUNDS = 3000 };
	unsigned int good = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++)
		good += read_back();
	/* Enough of what is drawn makes sense. */
	if (good < ROUNDS / 20)
		fail_msg("%u of %d", good, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_an_option),
		cmocka_unit_test(a_value_is_the_rest_of_its_line),
		cmocka_unit_test(lines_behind_two_dashes_are_the_words_of_a_command),
		cmocka_unit_test(the_command_line_wins_and_adds),
		cmocka_unit_test(relative_paths_are_seen_from_the_file),
		cmocka_unit_test(a_fault_is_told_with_file_and_line),
		cmocka_unit_test(what_is_no_text_or_too_long_is_refused),
		cmocka_unit_test(what_is_printed_is_what_counts),
		cmocka_unit_test(what_a_line_cannot_hold_is_refused),
		cmocka_unit_test(reading_back_what_is_printed_gives_the_same),
	};
	char made[] = "/tmp/test-config.XXXXXX";

	if (!mkdtemp(made))
		return 1;
	snprintf(folder, sizeof(folder), "%s", made);
	snprintf(file, sizeof(file), "%s/vm.conf", made);
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	line_free(&line);
	unlink(file);
	rmdir(folder);
	return status;
}
