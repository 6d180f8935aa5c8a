/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/ending.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/exit_status.h"
#include "base/printable.h"

/* "end" of the result; a power-off is looked at more closely. */
static const struct {
	const char *name;
	enum ending ending;
} ends[] = {
	{"poweroff", ENDING_POWEROFF}, {"reset", ENDING_RESET}, {"panic", ENDING_PANIC},
	{"timeout", ENDING_TIMEOUT},   {"quit", ENDING_QUIT},	{"signal", ENDING_QUIT},
	{"vcpu", ENDING_VCPU},	       {"host", ENDING_HOST},	{"none", ENDING_HOST},
};

/* "" where it is no string. */
static const char *text_of(json_object *object, const char *name)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* False: it is no number. */
static bool number_of(json_object *object, const char *name, int64_t *number)
{
	json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return false;
	*number = json_object_get_int64(value);
	return true;
}

static enum ending find_end(json_object *result)
{
	const char *name = text_of(result, "end");

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (!strcmp(name, ends[i].name)) {
			if (ends[i].ending == ENDING_HOST &&
			    !strcmp(text_of(result, "fault"), "input"))
				return ENDING_INPUT;
			return ends[i].ending;
		}
	}
	return ENDING_CRASH;
}

static void set(struct ending_account *account, enum ending ending)
{
	*account = (struct ending_account){.ending = ending};
	snprintf(account->words, ENDING_LINE, "%s", ending_words(ending));
}

static void words_with_status(struct ending_account *account, int64_t status)
{
	snprintf(account->words, ENDING_LINE, "%s %" PRId64, ending_words(account->ending), status);
}

static void look_at_status(json_object *result, bool script, struct ending_account *account)
{
	int64_t status;

	if (!number_of(result, "guest_status", &status)) {
		if (script)
			set(account, ENDING_NO_STATUS);
		return;
	}
	set(account, status == 0 ? ENDING_PASS : ENDING_STATUS);
	if (status != 0)
		words_with_status(account, status);
}

/* Why it panicked: vhart found it, or the guest said it by SRST. */
static void look_at_panic(json_object *result, struct ending_account *account)
{
	const char *cause = text_of(result, "cause");
	json_object *srst;

	if (!*cause && json_object_object_get_ex(result, "srst", &srst))
		cause = text_of(srst, "reason_name");
	if (!strcmp(cause, "system-failure")) {
		set(account, ENDING_FAILURE);
		return;
	}
	if (*cause && strcmp(cause, "none") != 0)
		snprintf(account->words, ENDING_LINE, "%s: %s", ending_words(account->ending),
			 cause);
}

static void put_hart(json_object *hart, char line[ENDING_LINE])
{
	const char *pc_symbol = text_of(hart, "pc_symbol"), *ra_symbol = text_of(hart, "ra_symbol");
	char raw[ENDING_LINE];
	int64_t number = -1;

	number_of(hart, "hart", &number);
	snprintf(raw, sizeof(raw), "hart %" PRId64 ": %s in %s-mode at pc %s%s%s%s, ra %s%s%s%s",
		 number, text_of(hart, "state"), text_of(hart, "mode"), text_of(hart, "pc"),
		 *pc_symbol ? " (" : "", pc_symbol, *pc_symbol ? ")" : "", text_of(hart, "ra"),
		 *ra_symbol ? " (" : "", ra_symbol, *ra_symbol ? ")" : "");
	printable(line, ENDING_LINE, raw);
}

static void put_harts(json_object *result, struct ending_account *account)
{
	json_object *harts;

	if (!json_object_object_get_ex(result, "harts", &harts) ||
	    !json_object_is_type(harts, json_type_array))
		return;
	const size_t count = json_object_array_length(harts);
	for (size_t i = 0; i < count && i < ENDING_HARTS; i++)
		put_hart(json_object_array_get_idx(harts, i),
			 account->harts[account->hart_count++]);
}

static json_object *parse(const char *text, size_t len)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text, len < INT32_MAX ? (int)len : INT32_MAX);
	json_tokener_free(tokener);
	if (object && !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

/* There is no result: by a wrong option, or as vhart itself fell. */
static void without_result(int status, struct ending_account *account)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_RUN) {
		set(account, ENDING_INPUT);
		return;
	}
	set(account, ENDING_CRASH);
	if (WIFSIGNALED(status))
		snprintf(account->words, ENDING_LINE, "%s by signal %d", ending_words(ENDING_CRASH),
			 WTERMSIG(status));
}

void ending_of_result(const char *text, size_t len, int status, bool script,
		      struct ending_account *account)
{
	json_object *result = parse(text, len);

	if (!result) {
		without_result(status, account);
		return;
	}
	set(account, find_end(result));
	if (account->ending == ENDING_POWEROFF)
		look_at_status(result, script, account);
	else if (account->ending == ENDING_PANIC)
		look_at_panic(result, account);
	put_harts(result, account);
	json_object_put(result);
}

void ending_of_status(int status, struct ending_account *account)
{
	if (!WIFEXITED(status)) {
		set(account, ENDING_CRASH);
		snprintf(account->words, ENDING_LINE, "%s by signal %d", ending_words(ENDING_CRASH),
			 WTERMSIG(status));
		return;
	}
	set(account, WEXITSTATUS(status) == 0 ? ENDING_PASS : ENDING_STATUS);
	if (WEXITSTATUS(status) != 0)
		words_with_status(account, WEXITSTATUS(status));
}
