/* SPDX-License-Identifier: Apache-2.0 */
/* Completions, over all tables of options and the table of verbs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exit_status.h"
#include "vmm/command_rows.h"
#include "vmm/complete.h"
#include "vmm/control/verbs.h"

enum { WORDS_MAX = 32 };

static void each_vm(complete_vm_function *each, void *opaque)
{
	static const struct complete_vm vms[] = {
		{"web1", 14, true}, {"web2", 15, false},       {"$(reboot)", 16, true},
		{"a b", 17, true},  {"-rf", 18, true},	       {"", 19, true},
		{"x\ty", 20, true}, {"build.2_a-b", 21, true},
	};

	for (size_t i = 0; i < sizeof(vms) / sizeof(vms[0]); i++)
		each(&vms[i], opaque);
}

static const struct complete_sources here = {.verbs = verbs, .vms = each_vm};
static const struct complete_sources elsewhere = {.verbs = NULL};

/* ---- asking ---- */

static char *said;

static int teardown(void **state)
{
	(void)state;
	free(said);
	said = NULL;
	return 0;
}

/* LINE is words with a blank between them; one at its end: an empty word is typed. */
static const char *ask_of(const struct complete_sources *sources, const char *line)
{
	char text[1024], *words[WORDS_MAX], *rest = text;
	size_t count = 0, size;
	FILE *out;

	free(said);
	said = NULL;
	assert_true((size_t)snprintf(text, sizeof(text), "%s", line) < sizeof(text));
	for (char *word; (word = strsep(&rest, " "));) {
		assert_true(count < WORDS_MAX);
		words[count++] = word;
	}
	out = open_memstream(&said, &size);
	assert_non_null(out);
	complete(words, count, sources, out);
	fclose(out);
	return said;
}

static const char *ask(const char *line)
{
	return ask_of(&here, line);
}

/* The lines without what helps, a blank between them. */
static const char *words_of(const char *line)
{
	static char words[8192];
	char *text = strdup(ask(line)), *rest = text;
	size_t used = 0;

	words[0] = '\0';
	for (char *row; (row = strsep(&rest, "\n")) && *row;) {
		row[strcspn(row, "\t")] = '\0';
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
					 used ? " " : "", row);
		assert_true(used < sizeof(words));
	}
	free(text);
	return words;
}

static bool offers(const char *line, const char *word)
{
	const size_t len = strlen(word);

	for (const char *row = ask(line); *row; row += strcspn(row, "\n") + 1)
		if (strcspn(row, "\t\n") == len && !memcmp(row, word, len))
			return true;
	return false;
}

#define ASSERT_OFFERS(line, word)                                                                  \
	do {                                                                                       \
		if (!offers(line, word))                                                           \
			fail_msg("'%s' has no %s:\n%s", line, word, said);                         \
	} while (0)

/* ---- all tables ---- */

static void all_commands_are_offered(void **state)
{
	(void)state;
	assert_string_equal(words_of(""),
			    "run list ctl stat watch trace record report diff script test probe "
			    "help version");
	assert_string_equal(words_of("re"), "record report");
	assert_string_equal(words_of("--"), "--help --version");
	assert_string_equal(words_of("help s"), "stat script");
	assert_string_equal(words_of("help run "), "");
	for (size_t i = 0; i < COMMANDS; i++) {
		assert_non_null(command_rows[i].name);
		assert_non_null(command_rows[i].options);
		assert_string_equal(command_rows[i].options->command, command_rows[i].name);
		assert_true(command_row_find(command_rows[i].name) == i);
	}
	assert_true(command_row_find("complete") == COMMANDS);
}

/* For each row of each table. */
static void each_option(void (*check)(const struct command_row *row,
				      const struct option_spec *spec))
{
	const struct option_spec *spec;

	for (size_t i = 0; i < COMMANDS; i++)
		for (size_t j = 0; (spec = option_at(command_rows[i].options, j)); j++)
			check(&command_rows[i], spec);
}

static void check_offered(const struct command_row *row, const struct option_spec *spec)
{
	char line[128];

	snprintf(line, sizeof(line), "%s -", row->name);
	ASSERT_OFFERS(line, spec->name);
	ASSERT_OFFERS(line, "--help");
	snprintf(line, sizeof(line), "%s %s", row->name, spec->name);
	ASSERT_OFFERS(line, spec->name);
	/* One that is given is not offered again, unless it may be. */
	snprintf(line, sizeof(line), "%s %s%s --", row->name, spec->name, spec->value ? " x" : "");
	assert_true(offers(line, spec->name) == spec->repeatable);
	if (!spec->letter)
		return;
	snprintf(line, sizeof(line), "%s %s", row->name, spec->letter);
	assert_string_equal(words_of(line), spec->letter);
}

static void all_options_of_all_commands_are_offered(void **state)
{
	(void)state;
	each_option(check_offered);
}

/* What needs more behind it, or stands for a path, is not a value yet. */
static bool is_whole(const char *word)
{
	return word[0] != ':' && !strchr("=,:", word[strlen(word) - 1]);
}

/* The program takes each word that is offered, and there are such words where the row has them. */
static void check_values(const struct command_row *row, const struct option_spec *spec)
{
	static uint64_t target[1 << 17];
	char line[128], words[OPTION_WORDS_MAX], value[128];
	size_t count = 0;

	if (!spec->value)
		return;
	snprintf(line, sizeof(line), "%s %s ", row->name, spec->name);
	ask_of(&elsewhere, line);
	for (char *text = said; *text; text += strcspn(text, "\n") + 1) {
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(text, "\t\n"), text);
		count++;
		if (!is_whole(value))
			continue;
		memset(target, 0, sizeof(target));
		const char *expected = option_take(spec, value, target, words);
		if (expected)
			fail_msg("%s%s is offered, and refused: %s", line, value, expected);
	}
	if (spec->kind == KIND_CHOICE || spec->word)
		assert_true(count > 0);
	if (spec->kind == KIND_PATH && !strstr(said, ":files \n") && !strstr(said, ":folders \n"))
		fail_msg("%s: no paths:\n%s", line, said);
	if (!strncmp(spec->value, "FILE", 4) && !strstr(said, ":files \n"))
		fail_msg("%s: no files:\n%s", line, said);
	/* Behind an equals sign they are the same. */
	char *before = strdup(said);
	snprintf(line, sizeof(line), "%s %s=", row->name, spec->name);
	ask_of(&elsewhere, line);
	const char *with = said, *without = before;
	for (; *with && *without; with += strcspn(with, "\n") + 1) {
		const size_t len = strcspn(without, "\n");

		if (with[0] == ':')
			assert_non_null(strstr(with, spec->name));
		else
			assert_memory_equal(with + strlen(spec->name) + 1, without, len);
		without += len + 1;
	}
	assert_true(!*with && !*without);
	free(before);
}

static void every_value_that_is_offered_is_taken(void **state)
{
	(void)state;
	each_option(check_values);
}

static void all_verbs_and_their_arguments_are_offered(void **state)
{
	char line[128], word[64];

	(void)state;
	for (const struct verb *verb = verbs; verb->name; verb++) {
		ASSERT_OFFERS("ctl web1 ", verb->name);
		ASSERT_OFFERS("ctl help ", verb->name);
		snprintf(line, sizeof(line), "ctl web1 %s ", verb->name);
		for (const struct verb_argument *argument = verb->arguments;
		     argument->type != VERB_NONE; argument++) {
			snprintf(word, sizeof(word), "%s=", argument->name);
			ASSERT_OFFERS(line, word);
		}
		/* The first argument's values, by place and by name. */
		for (size_t i = 0; verb->arguments[0].choices && verb->arguments[0].choices[i];
		     i++) {
			ASSERT_OFFERS(line, verb->arguments[0].choices[i]);
			snprintf(word, sizeof(word), "%s=%s", verb->arguments[0].name,
				 verb->arguments[0].choices[i]);
			snprintf(line, sizeof(line), "ctl web1 %s %s=", verb->name,
				 verb->arguments[0].name);
			ASSERT_OFFERS(line, word);
			snprintf(line, sizeof(line), "ctl web1 %s ", verb->name);
		}
	}
}

/* ---- by example ---- */

static void words_are_completed_where_they_stand(void **state)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{"run --tr", "--transport"},
		{"run --transport ", "pci mmio"},
		{"run --transport=p", "--transport=pci"},
		{"run --rng=", ""},
		{"run --cpus ", ""},
		{"run -k ", ":files "},
		{"run -k", "-k"},
		{"run --kernel --", ":files "}, /* it is the value, whatever it begins with */
		{"run --nonsense=", ""},
		{"run --kernel Image --ker", ""},
		{"run --root ", ":folders "},
		{"run --root=", ":folders --root="},
		/* Parts of values. */
		{"run --net ", "user passt tap= none"},
		{"run --net user,", "user,mac= user,mtu= user,hostfwd="},
		{"run --net user,mtu=1,", "user,mtu=1,mac= user,mtu=1,hostfwd="},
		{"run --net=user,m", "--net=user,mac= --net=user,mtu="},
		{"run --net user,mac=", ""},
		{"run --disk ", ":files "},
		{"run --disk a,ro,", "a,ro,direct a,ro,format= a,ro,share-rw= a,ro,serial="},
		{"run --disk a,ro,raw,d", "a,ro,raw,direct"},
		/* These would read as a line that is no word, or as two lines. */
		{"run --disk :a,ro,raw,d", ""},
		{"run --disk a\n,ro,raw,d", ""},
		{"run --disk a\t,ro,raw,d", ""},
		{"run --disk a\n", ""},
		{"run --cpu ", ""},
		{"run --cpu v=on,", "v=on,mmu="},
		{"run --share ", ":folders "},
		{"run --vhost-user ", "fs, blk, net,"},
		{"run --vhost-user fs,", "fs,socket= fs,tag= fs,mac="},
		{"run --vhost-user fs,socket=/r", ":files fs,socket="},
		{"run --vhost-user=fs,socket=/r", ":files --vhost-user=fs,socket="},
		{"run --inject ", ":files "},
		{"run --inject a:", ""},
		{"run --extract /o", ""},
		{"run --extract /out:r", ":files /out:"},
		{"run --gdb ", ":files "},
		{"trace -e ", "sbi mmio csr wfi fault irq lcofi other all"},
		{"trace -e sbi,m", "sbi,mmio"},
		{"trace -e !m", "!mmio"},
		{"trace --events=sbi,m", "--events=sbi,mmio"},
		{"record -e c", "cycles cpu-clock"},
		{"stat --sort ", "time count avg p99 max"},
		{"stat --openmetrics ", "unix= :files "},
		{"stat --openmetrics unix=/r", ":files unix="},
		{"stat --openmetrics=unix=/r", ":files --openmetrics=unix="},
		/* VMs, but for those whose names a shell reads otherwise. */
		{"run --name ", ""},
		{"stat --name ", "web1 web2 build.2_a-b"},
		{"trace --name=b", "--name=build.2_a-b"},
		{"stat -p 1", "14 15"},
		{"ctl ", "web1 build.2_a-b help"},
		{"ctl w", "web1"},
		{"ctl ./s", ":files "},
		{"ctl --json w", "web1"},
		{"ctl --j", "--json"},
		{"ctl web1 pmu-", "pmu-save pmu-restore"},
		{"ctl web1 wait s", "started seconds="},
		{"ctl web1 wait started se", "seconds="},
		{"ctl web1 breakpoint physical=", "physical=true physical=false"},
		{"ctl web1 dump ", ":files  file="},
		{"ctl web1 dump file=/t", ":files file="},
		{"ctl web1 fly ", ""},
		{"ctl help sysrq ", ""},
		/* Behind "--". */
		{"run --kernel Image -- ls ", ":files "},
		{"stat -- ", "run"},
		{"stat -- run --tr", "--transport"},
		{"stat -- run --transport ", "pci mmio"},
		{"stat -- test ", ""},
		{"test a -- --tr", "--transport"},
		{"test ", ":files "},
		{"list -- ", ""},
		/* A script's own words. */
		{"script --ti", "--timeout"},
		{"script ", ":files "},
		{"script a.lua --ti", ":files "},
		{"script a.lua --timeout=", ":files "},
		{"report --by ", "symbol pc vcpu exit comm process vm"},
		{"nonsense ", ""},
		{"nonsense", ""},
		{"version ", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(words_of(rows[i].line), rows[i].words) != 0)
			fail_msg("'%s' has '%s' and not '%s'", rows[i].line, words_of(rows[i].line),
				 rows[i].words);
}

static void help_is_one_line_behind_a_tab(void **state)
{
	(void)state;
	assert_string_equal(ask("stat --onc"),
			    "--once\tone table after one interval (1 s unless -i says another)\n");
	assert_string_equal(ask("trace --cou"), "--count\tstop after N lines\n");
	assert_string_equal(ask("run --cons"),
			    "--console\twhat the guest has for a console (serial)\n"
			    "--console-log\twrite what the console prints to FILE too, anew or "
			    "behind what is there\n");
	assert_string_equal(ask("run --net=user,m"), "--net=user,mac=\n--net=user,mtu=\n");
	assert_string_equal(ask("stat -p 14"), "14\tweb1\n");
	assert_string_equal(ask("ctl web"), "web1\tprocess 14\n");
	/* Those with more lines in --help. */
	for (const char *row = ask("run --"); *row; row += strcspn(row, "\n") + 1)
		assert_int_equal(row[0], '-');
}

static void elsewhere_nothing_is_known_of_verbs_and_vms(void **state)
{
	(void)state;
	assert_string_equal(ask_of(&elsewhere, "ctl web1 "), "");
	assert_string_equal(ask_of(&elsewhere, "stat --name "), "");
	assert_string_equal(ask_of(&elsewhere, "ctl h"),
			    "help\tlist the verbs, or say what one takes\n");
}

static void words_that_are_too_long_are_left_out(void **state)
{
	char line[1024] = "run --net user,";
	const size_t len = strlen(line);

	(void)state;
	memset(line + len, 'x', 600);
	strcpy(line + len + 600, ",");
	assert_string_equal(ask(line), "");
}

static void the_command_wants_dashes_in_front_of_its_words(void **state)
{
	char complete_word[] = "complete", run[] = "run", dashes[] = "--";
	char *without[] = {complete_word, run, NULL}, *nothing[] = {complete_word, dashes, NULL};

	(void)state;
	assert_int_equal(complete_command(2, without, &here), STATUS_USAGE);
	assert_int_equal(complete_command(2, nothing, &here), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_commands_are_offered, teardown),
		cmocka_unit_test_teardown(all_options_of_all_commands_are_offered, teardown),
		cmocka_unit_test_teardown(every_value_that_is_offered_is_taken, teardown),
		cmocka_unit_test_teardown(all_verbs_and_their_arguments_are_offered, teardown),
		cmocka_unit_test_teardown(words_are_completed_where_they_stand, teardown),
		cmocka_unit_test_teardown(help_is_one_line_behind_a_tab, teardown),
		cmocka_unit_test_teardown(elsewhere_nothing_is_known_of_verbs_and_vms, teardown),
		cmocka_unit_test_teardown(words_that_are_too_long_are_left_out, teardown),
		cmocka_unit_test(the_command_wants_dashes_in_front_of_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
