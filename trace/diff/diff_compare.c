/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/diff/diff_compare.h"

#include <stdlib.h>
#include <string.h>

/* ---- a quantity ---- */

static double distance(double a, double b)
{
	return a > b ? a - b : b - a;
}

/* By Newton's method: that of libm would have every start of the program find and load it. */
static double root(double square)
{
	double guess = square > 1 ? square : 1;

	if (square <= 0)
		return 0;
	for (int i = 0; i < 1100; i++) {
		const double next = (guess + square / guess) / 2;

		if (next >= guess)
			break;
		guess = next;
	}
	return guess;
}

/* The standard deviation of what is normal, in median absolute deviations. */
#define DEVIATIONS 1.4826
/* The standard error of a median of many such, in those of their mean. */
#define MEDIAN_ERROR 1.2533

static int compare_numbers(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Puts them in order. 0 of none. */
static double median(double *numbers, size_t count)
{
	if (!count)
		return 0;
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

/* NUMBERS become how far they are from MIDDLE. */
static double standard_error(double *numbers, size_t count, double middle, double floor)
{
	double scatter;

	for (size_t i = 0; i < count; i++)
		numbers[i] = distance(numbers[i], middle);
	scatter = DEVIATIONS * median(numbers, count);
	if (scatter < floor)
		scatter = floor;
	/* The median of one or two is their mean. */
	return count ? scatter * (count > 2 ? MEDIAN_ERROR : 1) / root((double)count) : 0;
}

struct diff_values diff_judge(const struct diff_rules *rules, double *runs[2],
			      const size_t counts[2], const double floor[2])
{
	struct diff_values values = {.noise = 0};
	bool had = false, has = false;

	for (size_t i = 0; i < counts[0]; i++)
		had |= runs[0][i] > 0;
	for (size_t i = 0; i < counts[1]; i++)
		has |= runs[1][i] > 0;
	for (int side = 0; side < 2; side++) {
		double error;

		values.middle[side] = median(runs[side], counts[side]);
		error = standard_error(runs[side], counts[side], values.middle[side], floor[side]);
		values.noise += error * error;
	}
	values.noise = (double)rules->noise * root(values.noise);

	const double before = values.middle[0], after = values.middle[1];
	const double by = distance(before, after);
	if (before > 0)
		values.percent = 100 * (after - before) / before;
	if (by <= values.noise || by * 100 <= (double)rules->threshold * before)
		values.change = DIFF_SAME;
	else if (after > before)
		values.change = had ? DIFF_MORE : DIFF_NEW;
	else
		values.change = has ? DIFF_FEWER : DIFF_GONE;
	return values;
}

/* ---- exits of all runs ---- */

/* One kind of exit in one run. */
struct kind {
	const char *reason, *sub, *at;
	int64_t vcpu;
	uint32_t side;
	size_t run;
	double count, ns;
	double squares; /* of ns, about: by the buckets */
};

static int compare_names(const struct kind *a, const struct kind *b)
{
	int order = strcmp(a->reason, b->reason);

	order = order ? order : strcmp(a->sub, b->sub);
	order = order ? order : strcmp(a->at, b->at);
	return order ? order : (a->vcpu > b->vcpu) - (a->vcpu < b->vcpu);
}

static int compare_kinds(const void *a, const void *b)
{
	return compare_names(a, b);
}

static const struct diff_items *items_of(const struct diff_run *run, enum diff_of of)
{
	return of == DIFF_OF_KEYS ? &run->keys : &run->all;
}

static void add_side(struct kind **to, const struct diff_rules *rules, const struct diff_side *side,
		     uint32_t index, enum diff_of of)
{
	for (size_t run = 0; run < side->count; run++)
		for (size_t i = 0; i < items_of(&side->runs[run], of)->count; i++) {
			const struct diff_item *item = &items_of(&side->runs[run], of)->items[i];

			*(*to)++ = (struct kind){
				.reason = item->reason,
				.sub = item->sub,
				.at = item->at,
				.vcpu = rules->by == DIFF_BY_VCPU ? item->vcpu : -1,
				.side = index,
				.run = run,
				.count = item->count,
				.ns = item->ns,
				.squares = item->squares,
			};
		}
}

/* ---- a row ---- */

/* What each run has of one row. */
struct sums {
	struct kind *runs[2];
};

/* What is compared, with room for the numbers of one row. */
struct comparing {
	const struct diff_rules *rules;
	const struct diff_side *sides;
	struct sums sums;
	double *numbers[2];
};

/* Runs of a second that lasted no time have nothing to be divided by. */
static double unit_of(const struct comparing *comparing, int side, size_t run)
{
	const double seconds = comparing->sides[side].runs[run].seconds;

	return comparing->rules->per == DIFF_PER_RUN || seconds <= 0 ? 1 : seconds;
}

/* The scatter of a count that comes by chance: the root of the mean of all runs. */
static void judge_count(const struct comparing *comparing, struct diff_row *row)
{
	double floor[2];
	size_t counts[2];

	for (int side = 0; side < 2; side++) {
		double sum = 0, units = 0;

		counts[side] = comparing->sides[side].count;
		for (size_t run = 0; run < counts[side]; run++) {
			const double unit = unit_of(comparing, side, run);
			const double count = comparing->sums.runs[side][run].count;

			comparing->numbers[side][run] = count / unit;
			sum += count;
			units += unit;
		}
		floor[side] = root(sum / (double)counts[side]) * (double)counts[side] / units;
	}
	row->count = diff_judge(comparing->rules, (double **)(uintptr_t)comparing->numbers, counts,
				floor);
}

/* By how much the mean of a run's exits is off, by how much these differ. */
static double error_of_mean(const struct kind *run)
{
	const double mean = run->ns / run->count;
	const double variance = run->squares / run->count - mean * mean;

	return variance > 0 ? root(variance / run->count) : 0;
}

static void judge_each(const struct comparing *comparing, struct diff_row *row)
{
	double floor[2] = {0, 0};
	size_t counts[2] = {0, 0};

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < comparing->sides[side].count; i++) {
			const struct kind *run = &comparing->sums.runs[side][i];

			if (run->count <= 0)
				continue;
			comparing->numbers[side][counts[side]++] = run->ns / run->count;
			const double error = error_of_mean(run);
			floor[side] = error > floor[side] ? error : floor[side];
		}
	row->each = diff_judge(comparing->rules, (double **)(uintptr_t)comparing->numbers, counts,
			       floor);
	if (counts[0] < DIFF_RUNS_FOR_TIME || counts[1] < DIFF_RUNS_FOR_TIME)
		row->each.change = DIFF_UNKNOWN;
}

static enum diff_kind kind_of(const struct comparing *comparing)
{
	return comparing->sides[0].runs[0].kind;
}

/* An interrupt of the host's. */
static bool is_hosts(const struct comparing *comparing, const struct kind *kind)
{
	return kind_of(comparing) == DIFF_COUNTS && !strcmp(kind->reason, "irq");
}

static void find_cost(const struct comparing *comparing, struct diff_row *row)
{
	const bool samples = kind_of(comparing) == DIFF_SAMPLES;
	double middle[2];

	for (int side = 0; side < 2; side++) {
		const size_t runs = comparing->sides[side].count;

		for (size_t run = 0; run < runs; run++) {
			const struct kind *sum = &comparing->sums.runs[side][run];

			comparing->numbers[side][run] =
				(samples ? sum->count : sum->ns) / unit_of(comparing, side, run);
		}
		middle[side] = median(comparing->numbers[side], runs);
	}
	row->cost = middle[1] - middle[0];
}

static void judge_row(const struct comparing *comparing, struct diff_row *row)
{
	const enum diff_hold hold = comparing->rules->hold;

	judge_count(comparing, row);
	judge_each(comparing, row);
	find_cost(comparing, row);
	row->regressed = !row->hosts &&
			 ((hold & DIFF_HOLD_COUNT &&
			   (row->count.change == DIFF_MORE || row->count.change == DIFF_NEW)) ||
			  (hold & DIFF_HOLD_TIME && row->each.change == DIFF_MORE));
}

/* ---- all of it ---- */

static void clear_sums(const struct comparing *comparing)
{
	for (int side = 0; side < 2; side++)
		memset(comparing->sums.runs[side], 0,
		       comparing->sides[side].count * sizeof(struct kind));
}

static void add_to_sums(const struct comparing *comparing, const struct kind *kind)
{
	struct kind *sum = &comparing->sums.runs[kind->side][kind->run];

	sum->count += kind->count;
	sum->ns += kind->ns;
	sum->squares += kind->squares;
}

static int compare_rows(const void *a, const void *b)
{
	const struct diff_row *left = a, *right = b;
	const double first = distance(left->cost, 0), second = distance(right->cost, 0);

	if (first != second)
		return first < second ? 1 : -1;
	return compare_names(&(struct kind){.reason = left->reason,
					    .sub = left->sub,
					    .at = left->at,
					    .vcpu = left->vcpu},
			     &(struct kind){.reason = right->reason,
					    .sub = right->sub,
					    .at = right->at,
					    .vcpu = right->vcpu});
}

static bool compare_all(struct diff *diff, const struct comparing *comparing, struct kind *kinds,
			size_t count)
{
	qsort(kinds, count, sizeof(*kinds), compare_kinds);
	diff->rows = calloc(count ? count : 1, sizeof(*diff->rows));
	if (!diff->rows)
		return false;
	for (size_t i = 0, end; i < count; i = end) {
		struct diff_row *row = &diff->rows[diff->count++];

		clear_sums(comparing);
		for (end = i; end < count && !compare_names(&kinds[i], &kinds[end]); end++)
			add_to_sums(comparing, &kinds[end]);
		*row = (struct diff_row){.reason = kinds[i].reason,
					 .sub = kinds[i].sub,
					 .at = kinds[i].at,
					 .vcpu = kinds[i].vcpu,
					 .hosts = is_hosts(comparing, &kinds[i])};
		judge_row(comparing, row);
		diff->regressed += row->regressed;
	}
	clear_sums(comparing);
	for (size_t i = 0; i < count; i++)
		if (!is_hosts(comparing, &kinds[i]))
			add_to_sums(comparing, &kinds[i]);
	diff->total = (struct diff_row){
		.reason = kind_of(comparing) == DIFF_COUNTS ? "total but irq" : "total",
		.sub = "",
		.at = "",
		.vcpu = -1};
	judge_row(comparing, &diff->total);
	/* That of keys is of rows that are in the other total. */
	if (diff->of == DIFF_OF_ALL)
		diff->regressed += diff->total.regressed;
	qsort(diff->rows, diff->count, sizeof(*diff->rows), compare_rows);
	return true;
}

bool diff_has_keys(const struct diff_side sides[2])
{
	const char *keys = sides[0].runs[0].counts.facts.keys;
	bool has = keys[0];

	for (int side = 0; side < 2; side++)
		for (size_t run = 0; run < sides[side].count; run++)
			has = has && !strcmp(sides[side].runs[run].counts.facts.keys, keys);
	return has;
}

bool diff_compare(struct diff *diff, const struct diff_rules *rules,
		  const struct diff_side sides[2], enum diff_of of)
{
	struct comparing comparing = {.rules = rules, .sides = sides};
	struct kind *kinds, *end;
	size_t count = 0;
	bool good;

	*diff = (struct diff){.of = of};
	for (int side = 0; side < 2; side++) {
		for (size_t run = 0; run < sides[side].count; run++)
			count += items_of(&sides[side].runs[run], of)->count;
		comparing.sums.runs[side] = calloc(sides[side].count, sizeof(struct kind));
		comparing.numbers[side] = calloc(sides[side].count, sizeof(double));
	}
	kinds = end = calloc(count + 1, sizeof(*kinds));
	good = kinds && comparing.sums.runs[0] && comparing.sums.runs[1] && comparing.numbers[0] &&
	       comparing.numbers[1];
	if (good) {
		add_side(&end, rules, &sides[0], 0, of);
		add_side(&end, rules, &sides[1], 1, of);
		good = compare_all(diff, &comparing, kinds, count);
	}
	free(kinds);
	for (int side = 0; side < 2; side++) {
		free(comparing.sums.runs[side]);
		free(comparing.numbers[side]);
	}
	return good;
}

void diff_free(struct diff *diff)
{
	free(diff->rows);
	*diff = (struct diff){.rows = NULL};
}
