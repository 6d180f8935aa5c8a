/* SPDX-License-Identifier: Apache-2.0 */

#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

enum {
	LONGEST = 48, /* no name of ours is longer */
	SAME = 1,
	BEGINNING = 2,
	SLIP = 3, /* and one more for each further slip */
	SLIPS_MOST = 3,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many characters to change, add, drop, or swap with their neighbour to make B of A; neither is
 * longer than LONGEST. */
static size_t slips_between(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	const size_t len_a = strlen(a), len_b = strlen(b);

	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], top[j - 2] + 1);
		}
	}
	return rows[len_a % 3][len_b];
}

/* So many slips are believed in a word of LEN characters: --isa is not --rng. */
static size_t slips_allowed(size_t len)
{
	return least((len + 1) / 3, SLIPS_MOST);
}

static size_t distance_of(const char *word, const char *ours)
{
	word += strspn(word, "-");
	ours += strspn(ours, "-");
	const size_t len = strlen(word);

	if (!len || len > LONGEST || strlen(ours) > LONGEST)
		return SIZE_MAX;
	if (!strcmp(word, ours))
		return SAME;
	if (len > 1 && !strncmp(word, ours, len))
		return BEGINNING;
	const size_t slips = slips_between(word, ours);
	return slips <= slips_allowed(len) ? SLIP - 1 + slips : SIZE_MAX;
}

void suggest_offer(struct suggestion *suggestion, const char *ours)
{
	const size_t distance = distance_of(suggestion->word, ours);

	if (distance == SIZE_MAX || (suggestion->best && distance >= suggestion->distance))
		return;
	suggestion->best = ours;
	suggestion->distance = distance;
}

const struct other_name *other_name_find(const struct other_name *rows, const char *name)
{
	while (rows && rows->name && strcmp(rows->name, name) != 0)
		rows++;
	return rows && rows->name ? rows : NULL;
}
