/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/diff/diff_flames.h"

#include <errno.h>

#include "trace/export/export_flamediff.h"
#include "trace/names/text.h"

#define LIMIT (256u << 20) /* of both sides together */
#define SCALE 1000.0 /* of a sample: of several runs a stack has a mean, and no whole number */

/* What a side's numbers are multiplied by: runs, or seconds, become one. */
static double scale_of(const struct diff_rules *rules, const struct diff_side *side)
{
	double units = 0;

	for (size_t run = 0; run < side->count; run++) {
		const double seconds = side->runs[run].seconds;

		units += rules->per == DIFF_PER_SECOND && seconds > 0 ? seconds : 1;
	}
	return (side->runs[0].kind == DIFF_SAMPLES ? SCALE : 1) / units;
}

static int add_stack(struct profile *both, const struct profile *profile,
		     const struct profile_stack *stack, bool after, uint64_t value)
{
	const struct profile_labels none = {.vcpu = PROFILE_NO_VCPU};
	struct profile_frame frames[PROFILE_DEPTH + 1];

	/* Kernels that are not the same have a function at another address. */
	for (size_t i = 0; i < stack->depth; i++) {
		frames[i] = profile_frame(profile, stack->frames[i]);
		frames[i].address = 0;
	}
	return profile_add(
		both, frames, stack->depth, &none,
		(struct profile_values){.count = after ? 0 : value, .host_ns = after ? value : 0});
}

static int add_side(struct profile *both, const struct diff_rules *rules,
		    const struct diff_side *side, bool after)
{
	const double scale = scale_of(rules, side);
	int error = 0;

	for (size_t run = 0; run < side->count && !error; run++) {
		struct profile *profile = side->runs[run].report->profile;

		profile_sort(profile);
		for (size_t i = 0; i < profile_count(profile) && !error; i++) {
			const struct profile_stack stack = profile_stack(profile, i);
			const uint64_t value = side->runs[run].kind == DIFF_SAMPLES
						       ? stack.values.count
						       : stack.values.host_ns;

			error = add_stack(both, profile, &stack, after,
					  (uint64_t)((double)value * scale + 0.5));
		}
	}
	return error;
}

static const char *subtitle_of(const struct diff_rules *rules, const struct diff_side sides[2],
			       char out[256])
{
	struct profile_values sums[2] = {{0, 0}, {0, 0}};
	char counts[2][TEXT_COUNT];

	for (int side = 0; side < 2; side++) {
		for (size_t run = 0; run < sides[side].count; run++)
			sums[side].count = profile_sum(
				sums[side].count,
				profile_total(sides[side].runs[run].report->profile).count);
		text_count(sums[side].count, counts[side]);
	}
	snprintf(out, 256,
		 "before: %s %s in %zu run%s, after: %s in %zu run%s; per %s; a frame is as wide "
		 "as both together",
		 counts[0], sides[0].runs[0].kind == DIFF_SAMPLES ? "samples" : "exits",
		 sides[0].count, sides[0].count == 1 ? "" : "s", counts[1], sides[1].count,
		 sides[1].count == 1 ? "" : "s", rules->per == DIFF_PER_RUN ? "run" : "second");
	return out;
}

int diff_flames(const struct diff_rules *rules, const struct diff_side sides[2], FILE *to)
{
	const bool samples = sides[0].runs[0].kind == DIFF_SAMPLES;
	char subtitle[256];
	struct flamediff diff = {
		.both = profile_new(LIMIT),
		.title = samples ? "What changed: samples of the guest"
				 : "What changed: exits, by the host's time",
		.subtitle = subtitle_of(rules, sides, subtitle),
		.one = samples ? SCALE : 0,
		.threshold = (double)rules->threshold,
		.noise = (double)rules->noise,
		.sample = samples ? scale_of(rules, &sides[0]) : 0,
	};
	int error = diff.both ? add_side(diff.both, rules, &sides[0], false) : -ENOMEM;

	if (!error)
		error = add_side(diff.both, rules, &sides[1], true);
	if (!error)
		error = export_flamediff(&diff, to);
	profile_free(diff.both);
	return error;
}
