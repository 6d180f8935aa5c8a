/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/probe/exit_cost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

uint64_t exit_cost_median(uint64_t *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

uint64_t exit_cost_each(uint64_t more, uint64_t less, unsigned int trips)
{
	return more > less ? ((more - less) * 10 + trips / 2) / trips : 0;
}

/* ---- text ---- */

#define NAME_WIDTH  38
#define VALUE_WIDTH 13

static void print_value(FILE *to, bool known, uint64_t tenths)
{
	char text[32] = "-";

	if (known && tenths)
		snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	fprintf(to, "%*s", VALUE_WIDTH, text);
}

void exit_costs_text(const struct exit_cost *costs, FILE *to)
{
	const char *said = NULL;

	fprintf(to, "\n%-*s%*s%*s%*s\n", NAME_WIDTH + 2, "What an exit costs, and the way back",
		VALUE_WIDTH, "ns", VALUE_WIDTH, "instructions", VALUE_WIDTH, "cycles");
	for (unsigned int i = 0; i < EXIT_COSTS; i++) {
		const struct exit_cost *cost = &costs[i];

		fprintf(to, "  %-*s", NAME_WIDTH, cost->name);
		print_value(to, cost->measured, cost->ns);
		print_value(to, cost->counted, cost->instructions);
		print_value(to, cost->counted, cost->cycles);
		fputc('\n', to);
	}
	/* The same keeps most of them from being measured. */
	for (unsigned int i = 0; i < EXIT_COSTS; i++) {
		const char *why = costs[i].why;

		if (*why && (!said || strcmp(said, why) != 0))
			fprintf(to, "      %s: %s\n", costs[i].name, why);
		said = *why ? why : said;
	}
}

/* ---- JSON ---- */

static json_object *tenths(bool known, uint64_t value)
{
	char text[32];

	if (!known || !value)
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, value / 10, value % 10);
	return json_object_new_double_s((double)value / 10, text);
}

static bool add(json_object *object, const char *key, json_object *value)
{
	return json_object_object_add(object, key, value) == 0;
}

static json_object *one_json(const struct exit_cost *cost)
{
	json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (add(object, "id", json_object_new_string(cost->id)) &&
	    add(object, "name", json_object_new_string(cost->name)) &&
	    add(object, "ns", tenths(cost->measured, cost->ns)) &&
	    add(object, "instructions", tenths(cost->counted, cost->instructions)) &&
	    add(object, "cycles", tenths(cost->counted, cost->cycles)) &&
	    add(object, "why", *cost->why ? json_object_new_string(cost->why) : NULL))
		return object;
	json_object_put(object);
	return NULL;
}

json_object *exit_costs_json(const struct exit_cost *costs)
{
	json_object *all = json_object_new_array();

	for (unsigned int i = 0; all && i < EXIT_COSTS; i++) {
		json_object *one = one_json(&costs[i]);

		if (one && json_object_array_add(all, one) == 0)
			continue;
		json_object_put(one);
		json_object_put(all);
		return NULL;
	}
	return all;
}
