/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/gdb/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/control/control.h"
#include "vmm/control/result_text.h"
#include "vmm/control/verbs.h"

#define WORDS_MAX 32u

/*
 * Cuts TEXT into words, in place: at blanks, but for those between double quotes. More words than
 * there is room for stay one.
 */
static unsigned int split(char *text, char *words[WORDS_MAX])
{
	unsigned int count = 0;
	bool quoted = false, inside = false;
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '"') {
			quoted = !quoted;
		} else if (*from == ' ' && !quoted && count < WORDS_MAX) {
			if (inside)
				*to++ = '\0';
			inside = false;
			continue;
		}
		if (!inside)
			words[count++] = to;
		inside = true;
		if (*from != '"')
			*to++ = *from;
	}
	*to = '\0';
	return count;
}

/* ---- help ---- */

static void write_usage(const struct verb *verb, FILE *out)
{
	fprintf(out, "%s", verb->name);
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
		fprintf(out, at->optional ? " [%s]" : " %s", at->name);
	fprintf(out, ": %s\n", verb->help);
}

static void help(FILE *out)
{
	for (const struct verb *verb = verbs; verb->name; verb++)
		write_usage(verb, out);
	fprintf(out, "help VERB: says more of one\n");
}

static void help_with(const char *name, FILE *out)
{
	char why[CONTROL_ERROR_MAX];
	const struct verb *verb = verb_find_or_say(name, why);

	if (!verb) {
		fprintf(out, "%s\n", why);
		return;
	}
	write_usage(verb, out);
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
		fprintf(out, "  %s (%s): %s\n", at->name, verb_type_name(at->type), at->help);
	if (verb->result)
		fprintf(out, "gives %s\n", verb->result);
}

/* ---- verbs ---- */

static void run(struct control *control, int gdb_fd, char *const *words, unsigned int count,
		FILE *out)
{
	struct verb_call call = {.control = control, .abort_fd = gdb_fd};
	const struct verb *verb = verb_find_or_say(words[0], call.error);
	json_object *args = NULL, *result = NULL;

	call.events = events_new(&control->hub, EVENTS_ALL & ~EVENT_BIT(EVENT_CONSOLE));
	if (verb && call.events)
		args = verb_words_to_arguments(verb, words + 1, count - 1, call.error);
	if (args)
		result = verb_do(verb, args, &call);
	if (result)
		verb_result_text(result, out);
	else
		fprintf(out, "%s\n", call.events ? call.error : "no memory");
	json_object_put(result);
	json_object_put(args);
	events_free(call.events);
}

void gdb_monitor(struct control *control, int gdb_fd, const char *command, FILE *out)
{
	char *text = strdup(command), *words[WORDS_MAX + 1];
	unsigned int count = text ? split(text, words) : 0;

	if (count == 0 || (count == 1 && !strcmp(words[0], "help")))
		help(out);
	else if (!strcmp(words[0], "help"))
		help_with(words[1], out);
	else
		run(control, gdb_fd, words, count, out);
	free(text);
}
