/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/result_text.h"

#include "base/printable.h"

static void print_value(FILE *to, const char *name, json_object *value, unsigned int depth);

static void print_members(FILE *to, json_object *object, unsigned int depth)
{
	struct json_object_iterator at = json_object_iter_begin(object);
	const struct json_object_iterator end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		print_value(to, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at),
			    depth);
}

static void print_array(FILE *to, const char *name, json_object *array, unsigned int depth)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		print_value(to, name, json_object_array_get_idx(array, i), depth);
}

static void print_scalar(FILE *to, json_object *value)
{
	if (json_object_is_type(value, json_type_double))
		fprintf(to, "%.3f", json_object_get_double(value));
	else
		printable_put(to, value ? json_object_get_string(value) : "-");
}

static void print_value(FILE *to, const char *name, json_object *value, unsigned int depth)
{
	if (json_object_is_type(value, json_type_array)) {
		print_array(to, name, value, depth);
		return;
	}
	fprintf(to, "%*s%s:", (int)depth * 2, "", name);
	if (json_object_is_type(value, json_type_object)) {
		fprintf(to, "\n");
		print_members(to, value, depth + 1);
		return;
	}
	fprintf(to, " ");
	print_scalar(to, value);
	fprintf(to, "\n");
}

void verb_result_text(json_object *result, FILE *to)
{
	json_object *lines;

	if (!json_object_object_get_ex(result, "lines", &lines) ||
	    !json_object_is_type(lines, json_type_array)) {
		print_members(to, result, 0);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		print_scalar(to, json_object_array_get_idx(lines, i));
		fprintf(to, "\n");
	}
}
