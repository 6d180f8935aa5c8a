/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/verbs_help.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "vmm/control/verbs.h"

static const char *const needs[WHENS] = {
	[WHEN_EVER] = "at any time",
	[WHEN_RUNNING] = "while the machine is there",
	[WHEN_HELD] = "while the machine is there; its harts are held meanwhile",
};

static void add(char *out, size_t room, const char *text)
{
	const size_t used = strlen(out);

	snprintf(out + used, room - used, "%s", text);
}

static void add_upper(char *out, size_t room, const char *text)
{
	char letter[2] = "";

	for (; *text; text++) {
		letter[0] = (char)toupper((unsigned char)*text);
		add(out, room, letter);
	}
}

void verb_usage(const struct verb *verb, char *out, size_t room)
{
	snprintf(out, room, "%s", verb->name);
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++) {
		add(out, room, at->optional ? " [" : " ");
		add_upper(out, room, at->name);
		add(out, room, at->optional ? "]" : "");
	}
}

/* ---- for people ---- */

static void print_argument(const struct verb_argument *argument)
{
	char name[32] = "";

	add_upper(name, sizeof(name), argument->name);
	printf("  %-10s %s (%s)", name, argument->help, verb_type_name(argument->type));
	for (const char *const *choice = argument->choices; choice && *choice; choice++)
		printf("%s%s", choice == argument->choices ? ": " : ", ", *choice);
	printf("\n");
}

static void print_one(const struct verb *verb)
{
	char usage[160];

	verb_usage(verb, usage, sizeof(usage));
	printf("usage: vhart ctl VM %s\n\n%c%s, %s.\n", usage, toupper((unsigned char)*verb->help),
	       verb->help + 1, needs[verb->when]);
	if (verb->arguments[0].type != VERB_NONE)
		printf("\nArguments, in this order or as NAME=VALUE:\n");
	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
		print_argument(at);
	if (verb->result)
		printf("\nResult: %s\n", verb->result);
}

static void print_list(void)
{
	char usage[160];

	printf("usage: vhart ctl VM VERB [ARGUMENT...]\n\nVerbs:\n");
	for (const struct verb *verb = verbs; verb->name; verb++) {
		verb_usage(verb, usage, sizeof(usage));
		printf("  %-34s %s\n", usage, verb->help);
	}
	printf("\n'vhart ctl help VERB' says more; see also vhart-control(7).\n");
}

/* ---- for the manual ---- */

static void mdoc_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\\')
			printf("\\e");
		else
			putchar(*text);
	}
	putchar('\n');
}

static void mdoc_choices(const struct verb_argument *argument)
{
	if (!argument->choices)
		return;
	printf("One of");
	for (const char *const *choice = argument->choices; *choice; choice++)
		printf("%s %s", choice == argument->choices ? "" : ",", *choice);
	printf(".\n");
}

static void print_mdoc(void)
{
	for (const struct verb *verb = verbs; verb->name; verb++) {
		char usage[160];

		verb_usage(verb, usage, sizeof(usage));
		printf(".It Ic %s\n%c", usage, toupper((unsigned char)*verb->help));
		mdoc_text(verb->help + 1);
		printf("(%s).\n", needs[verb->when]);
		for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE;
		     at++) {
			printf(".Pp\n.Va %s\n(%s%s):\n", at->name, verb_type_name(at->type),
			       at->optional ? ", optional" : "");
			mdoc_text(at->help);
			mdoc_choices(at);
		}
		if (verb->result) {
			printf(".Pp\nResult:\n");
			mdoc_text(verb->result);
		}
	}
}

static void print_markdown(void)
{
	printf("| verb | what it does | arguments | result |\n| --- | --- | --- | --- |\n");
	for (const struct verb *verb = verbs; verb->name; verb++) {
		printf("| `%s` | %s (%s) | ", verb->name, verb->help, needs[verb->when]);
		for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++)
			printf("%s`%s` (%s%s): %s", at == verb->arguments ? "" : "; ", at->name,
			       verb_type_name(at->type), at->optional ? ", optional" : "",
			       at->help);
		printf(" | %s |\n", verb->result ? verb->result : "");
	}
}

/* ---- for programs ---- */

/* JSON schema's word for each type; of those that may be text too, both. */
static const char *const schema_types[VERB_TYPES] = {
	[VERB_TEXT] = "string",		[VERB_NUMBER] = "integer string",
	[VERB_SECONDS] = "number",	[VERB_SIZE] = "integer string",
	[VERB_HART] = "integer string", [VERB_ADDRESS] = "integer string",
	[VERB_BYTES] = "string",	[VERB_FLAG] = "boolean",
	[VERB_FILE] = "string",
};

static json_object *words(const char *text)
{
	json_object *array = json_object_new_array();

	while (*text) {
		size_t len = strcspn(text, " ");

		json_object_array_add(array, json_object_new_string_len(text, (int)len));
		text += len + (text[len] == ' ');
	}
	return array;
}

static json_object *schema_of_argument(const struct verb_argument *argument)
{
	json_object *schema = json_object_new_object(), *choices;

	json_object_object_add(schema, "type", words(schema_types[argument->type]));
	json_object_object_add(schema, "description", json_object_new_string(argument->help));
	if (!argument->choices)
		return schema;
	choices = json_object_new_array();
	for (const char *const *choice = argument->choices; *choice; choice++)
		json_object_array_add(choices, json_object_new_string(*choice));
	json_object_object_add(schema, "enum", choices);
	return schema;
}

static json_object *constant(const char *value)
{
	json_object *schema = json_object_new_object();

	json_object_object_add(schema, "const", json_object_new_string(value));
	return schema;
}

static json_object *schema_of_arguments(const struct verb *verb)
{
	json_object *schema = json_object_new_object(), *properties = json_object_new_object(),
		    *required = json_object_new_array();

	for (const struct verb_argument *at = verb->arguments; at->type != VERB_NONE; at++) {
		json_object_object_add(properties, at->name, schema_of_argument(at));
		if (!at->optional)
			json_object_array_add(required, json_object_new_string(at->name));
	}
	json_object_object_add(schema, "type", json_object_new_string("object"));
	json_object_object_add(schema, "properties", properties);
	json_object_object_add(schema, "required", required);
	json_object_object_add(schema, "additionalProperties", json_object_new_boolean(false));
	return schema;
}

static json_object *schema_of_verb(const struct verb *verb)
{
	json_object *schema = json_object_new_object(), *properties = json_object_new_object();

	json_object_object_add(properties, "verb", constant(verb->name));
	json_object_object_add(properties, "args", schema_of_arguments(verb));
	json_object_object_add(properties, "id", json_object_new_object());
	json_object_object_add(schema, "description", json_object_new_string(verb->help));
	json_object_object_add(schema, "type", json_object_new_string("object"));
	json_object_object_add(schema, "properties", properties);
	json_object_object_add(schema, "required", words("verb"));
	return schema;
}

static void print_schema(void)
{
	json_object *schema = json_object_new_object(), *all = json_object_new_array();

	for (const struct verb *verb = verbs; verb->name; verb++)
		json_object_array_add(all, schema_of_verb(verb));
	json_object_object_add(
		schema, "$schema",
		json_object_new_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_object_add(schema, "title",
			       json_object_new_string("a request to the control socket of vhart"));
	json_object_object_add(schema, "oneOf", all);
	printf("%s\n", json_object_to_json_string_ext(
			       schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(schema);
}

static const struct {
	const char *name;
	void (*print)(void);
} forms[] = {{"mdoc", print_mdoc}, {"markdown", print_markdown}, {"schema", print_schema}};

bool verbs_help(const char *name)
{
	char why[CONTROL_ERROR_MAX];
	const struct verb *verb;

	if (!name) {
		print_list();
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strcmp(name, forms[i].name)) {
			forms[i].print();
			return true;
		}
	verb = verb_find_or_say(name, why);
	if (verb)
		print_one(verb);
	else
		error("ctl: %s", why);
	return verb != NULL;
}
