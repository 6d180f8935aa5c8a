/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/complete_value.h"

#include <string.h>

#define WORD_MAX 512u

/* ---- offering ---- */

/* In one line. */
static void write_help(FILE *out, const char *help)
{
	for (; *help; help++)
		fputc(*help == '\n' || *help == '\t' ? ' ' : *help, out);
}

void complete_offer_bytes(const struct completing *completing, const char *lead, size_t lead_len,
			  const char *word, size_t word_len, const char *help)
{
	const size_t typed_len = strlen(completing->typed);
	char whole[WORD_MAX];

	if (lead_len + word_len >= sizeof(whole) || typed_len > lead_len + word_len)
		return;
	memcpy(whole, lead, lead_len);
	memcpy(whole + lead_len, word, word_len);
	whole[lead_len + word_len] = '\0';
	/* A line that begins so is no word. */
	if (whole[0] == ':' || strncmp(whole, completing->typed, typed_len) != 0)
		return;
	fputs(whole, completing->out);
	if (help) {
		fputc('\t', completing->out);
		write_help(completing->out, help);
	}
	fputc('\n', completing->out);
}

void complete_offer(const struct completing *completing, size_t lead, const char *word,
		    const char *help)
{
	complete_offer_bytes(completing, completing->typed, lead, word, strlen(word), help);
}

static void ask_shell(const struct completing *completing, const char *what, size_t lead)
{
	fprintf(completing->out, ":%s %.*s\n", what, (int)lead, completing->typed);
}

void complete_files(const struct completing *completing, size_t lead)
{
	ask_shell(completing, "files", lead);
}

/* ---- VMs ---- */

struct naming {
	const struct completing *completing;
	size_t lead;
	bool controlled, pids;
};

/* Another process gives it, and it becomes part of a command line: nothing there that a shell reads
 * otherwise. */
static bool is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";

	return *name && *name != '-' && !name[strspn(name, plain)];
}

static void offer_vm(const struct complete_vm *vm, void *opaque)
{
	const struct naming *naming = opaque;
	char pid[32], help[48];

	if (!is_plain(vm->name) || (naming->controlled && !vm->control))
		return;
	snprintf(pid, sizeof(pid), "%d", (int)vm->pid);
	snprintf(help, sizeof(help), "process %s", pid);
	if (naming->pids)
		complete_offer(naming->completing, naming->lead, pid, vm->name);
	else
		complete_offer(naming->completing, naming->lead, vm->name, help);
}

static void offer_vms(struct naming *naming)
{
	const struct complete_sources *sources = naming->completing->sources;

	if (sources->vms)
		sources->vms(offer_vm, naming);
}

void complete_names(const struct completing *completing, size_t lead, bool controlled)
{
	offer_vms(&(struct naming){completing, lead, .controlled = controlled});
}

/* ---- the text of a value, as --help shows it: "user|tap=IF|none[,mac=M][,mtu=N]" ---- */

/* A part of it: NAME, or NAME=VALUE. */
struct part {
	const char *name, *value; /* value: NULL, there is none */
	size_t name_len, value_len;
};

/* The part at *TEXT, up to one of ENDS; *TEXT is then behind it and them. False: it is the end. */
static bool next_part(const char **text, const char *ends, struct part *part)
{
	const char *at = *text + strspn(*text, ends);
	const size_t len = strcspn(at, ends);
	const char *equals = memchr(at, '=', len);

	*part = (struct part){.name = at, .name_len = equals ? (size_t)(equals - at) : len};
	if (equals) {
		part->value = equals + 1;
		part->value_len = len - part->name_len - 1;
	}
	*text = at + len;
	return len > 0;
}

static bool is_text(const char *bytes, size_t len, const char *text)
{
	return strlen(text) == len && !memcmp(bytes, text, len);
}

/* Names of values that stand for something are in capitals. */
static bool is_literal(const struct part *part)
{
	return part->name[0] >= 'a' && part->name[0] <= 'z';
}

/* NULL: it is no place for a path. */
static const char *paths_of(const char *name, size_t len)
{
	static const struct {
		const char *name, *what;
	} places[] = {
		{"FILE", "files"},  {"PATH", "files"},	   {"HOSTFILE", "files"},
		{"DIR", "folders"}, {"FILE.lua", "files"},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (is_text(name, len, places[i].name))
			return places[i].what;
	return NULL;
}

/* PART itself, or its value where that is being typed: then true. LEAD bytes are in front of it. */
static bool complete_part(const struct completing *completing, const struct part *part, size_t lead)
{
	const char *typed = completing->typed + lead;
	const char *paths = part->value ? paths_of(part->value, part->value_len) : NULL;
	const size_t whole = part->name_len + (part->value != NULL);

	if (!part->value || strncmp(typed, part->name, whole) != 0) {
		complete_offer_bytes(completing, completing->typed, lead, part->name, whole, NULL);
		return false;
	}
	if (paths)
		ask_shell(completing, paths, lead + whole);
	return true;
}

/* What SPEC's value begins with, by its text: alternatives, with "|" between them. */
static void complete_head(const struct completing *completing, const struct option_spec *spec,
			  size_t lead)
{
	char head[WORD_MAX];
	const char *text = head, *paths = NULL;
	struct part part;

	snprintf(head, sizeof(head), "%.*s", (int)strcspn(spec->value, ",["), spec->value);
	while (next_part(&text, "|", &part)) {
		if (is_literal(&part) && complete_part(completing, &part, lead))
			return;
		/* "EXT=on|off": the others are values too. */
		if (!is_literal(&part) && part.value)
			break;
		/* "HOSTFILE:GUESTPATH" */
		if (!is_literal(&part) && !paths)
			paths = paths_of(part.name, strcspn(part.name, "|:"));
	}
	if (paths && !strchr(completing->typed + lead, ':'))
		ask_shell(completing, paths, lead);
}

static bool is_in(const char *typed, size_t len, const struct part *part)
{
	const char *end = typed + len;
	struct part other;

	while (next_part(&typed, ",", &other) && other.name < end)
		if (other.name_len == part->name_len &&
		    !memcmp(other.name, part->name, part->name_len))
			return true;
	return false;
}

/* What can follow its first part: "[,mac=M][,mtu=N]". LEAD bytes in front of it, LAST in front of
 * the part that is typed. */
static void complete_tail(const struct completing *completing, const struct option_spec *spec,
			  size_t lead, size_t last)
{
	const char *text = spec->value + strcspn(spec->value, ",[");
	struct part part;

	while (next_part(&text, ",[]", &part))
		if (is_literal(&part) && !is_in(completing->typed + lead, last - lead, &part))
			complete_part(completing, &part, last);
}

/* Whether it is a list of such words: "CLASS[,CLASS]". */
static bool is_list(const char *value)
{
	const size_t len = strcspn(value, ",[");
	const char *tail = value + len + strspn(value + len, ",[");

	return value[len] && !strncmp(tail, value, len) && strchr(",]", tail[len]) != NULL;
}

/* Whether something must follow its first part: "TYPE,socket=PATH". */
static bool has_tail(const char *value)
{
	return value[strcspn(value, ",[")] == ',';
}

static void offer_word(const struct completing *completing, size_t lead, const char *word,
		       const char *behind)
{
	char whole[WORD_MAX];

	snprintf(whole, sizeof(whole), "%s%s", word, behind);
	complete_offer(completing, lead, whole, NULL);
}

static void complete_words(const struct completing *completing, const struct option_spec *spec,
			   size_t lead)
{
	for (size_t i = 0; spec->kind == KIND_CHOICE && spec->choices[i].name; i++) {
		const struct option_choice *choice = &spec->choices[i];

		/* Not by its aliases. */
		if (option_choice_name(spec->choices, choice->value) == choice->name)
			complete_offer(completing, lead, choice->name, NULL);
	}
	for (unsigned int i = 0; spec->word && spec->word(i); i++)
		offer_word(completing, lead, spec->word(i), has_tail(spec->value) ? "," : "");
	if (spec->vm == OFFER_VM_NAME)
		complete_names(completing, lead, false);
	if (spec->vm == OFFER_VM_PID)
		offer_vms(&(struct naming){completing, lead, .pids = true});
	if (spec->kind != KIND_CHOICE)
		complete_head(completing, spec, lead);
}

void complete_value(const struct completing *completing, const struct option_spec *spec,
		    size_t lead)
{
	const char *value = completing->typed + lead;
	const char *comma = strrchr(value, ','), *colon = strchr(value, ':');
	const size_t last = comma ? (size_t)(comma + 1 - completing->typed) : lead;

	if (spec->path == PATH_AFTER_COLON) {
		if (colon)
			complete_files(completing, (size_t)(colon + 1 - completing->typed));
	} else if (is_list(spec->value)) {
		/* "!sbi": all but these. */
		complete_words(completing, spec, last + (!comma && *value == '!'));
	} else if (comma) {
		complete_tail(completing, spec, lead, last);
	} else {
		complete_words(completing, spec, lead);
	}
}

/* ---- verbs ---- */

void complete_argument(const struct completing *completing, const struct verb_argument *argument,
		       size_t lead)
{
	for (size_t i = 0; argument->choices && argument->choices[i]; i++)
		complete_offer(completing, lead, argument->choices[i], NULL);
	if (argument->type == VERB_FLAG) {
		complete_offer(completing, lead, "true", NULL);
		complete_offer(completing, lead, "false", NULL);
	}
	if (argument->type == VERB_FILE)
		complete_files(completing, lead);
}
