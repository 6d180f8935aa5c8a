/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

static struct stat_line *find_line(struct stat_lines *lines, const struct stat_line *like)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct stat_line *line = &lines->lines[i];

		if (line->row == like->row && line->vcpu == like->vcpu &&
		    line->tgid == like->tgid && !strcmp(line->at, like->at))
			return line;
	}
	if (lines->count == lines->room) {
		size_t room = lines->room ? lines->room * 2 : 64;
		struct stat_line *more = realloc(lines->lines, room * sizeof(*more));

		if (!more)
			return NULL;
		lines->lines = more;
		lines->room = room;
	}
	lines->lines[lines->count] = *like;
	return &lines->lines[lines->count++];
}

const char *stat_line_text(const struct stat_line *line, char *out, size_t size)
{
	char vcpu[32] = "", text[STAT_LINE_LENGTH];

	if (line->vcpu >= 0)
		snprintf(vcpu, sizeof(vcpu), "%" PRIu32 "/%" PRId64 " ", line->tgid, line->vcpu);
	snprintf(text, sizeof(text), "%s%s%s%s%s%s", vcpu, line->name.reason,
		 line->name.sub[0] ? " " : "", line->name.sub, line->at[0] ? " " : "", line->at);
	return printable(out, size, text);
}

bool stat_is_shown(const struct stat_view *view, const struct exit_vcpu *vcpu)
{
	return vcpu->first && (!view->only || vcpu->tgid == view->only);
}

static bool add_line(struct stat_lines *lines, const struct stat_view *view,
		     const struct exit_vcpu *vcpu, uint32_t row, const char *at,
		     const struct exit_times *times)
{
	struct stat_line like = {.name = exit_name(row),
				 .row = row,
				 .vcpu = view->by == BY_VCPU ? (int64_t)vcpu->vcpu_id : -1};
	struct stat_line *line;
	char text[STAT_LINE_LENGTH];

	if (!times->count || !stat_is_shown(view, vcpu))
		return true;
	if (view->by == BY_VCPU)
		like.tgid = vcpu->tgid;
	snprintf(like.at, sizeof(like.at), "%s", at);
	if (view->filter &&
	    regexec(view->filter, stat_line_text(&like, text, sizeof(text)), 0, NULL, 0))
		return true;
	line = find_line(lines, &like);
	if (line)
		stat_add_times(&line->times, times);
	return line != NULL;
}

const char *stat_key_name(const struct stat_view *view, const struct exit_vcpu *vcpu,
			  uint64_t value, char *out, size_t size)
{
	const char *csr = view->by == BY_CSR ? csr_name((uint32_t)value) : NULL;

	snprintf(out, size, "%s", csr ? csr : "");
	if (view->by != BY_CSR && view->place)
		view->place(view->opaque, vcpu->tgid, value, out, size);
	return out;
}

static void describe_key(const struct stat_view *view, const struct exit_vcpu *vcpu,
			 const struct stat_keyed *keyed, char out[STAT_AT_LENGTH])
{
	char name[64];

	stat_key_name(view, vcpu, keyed->name.value, name, sizeof(name));
	if (view->by == BY_CSR && name[0])
		snprintf(out, STAT_AT_LENGTH, "%s", name);
	else
		snprintf(out, STAT_AT_LENGTH, "0x%0*" PRIx64 "%s%s", view->by == BY_CSR ? 3 : 1,
			 keyed->name.value, name[0] ? " " : "", name);
}

static bool collect(struct stat_lines *lines, const struct stat_view *view,
		    const struct stat_sample *sample)
{
	bool keyed = stat_by_is_keyed(view->by);

	for (size_t i = 0; keyed && i < sample->keyed_count; i++) {
		const struct stat_keyed *key = &sample->keyed[i];
		const struct exit_vcpu *vcpu = &sample->vcpus[key->name.vcpu];
		char at[STAT_AT_LENGTH];

		if (key->name.vcpu >= sample->vcpu_count || !key->times.count)
			continue;
		describe_key(view, vcpu, key, at);
		if (!add_line(lines, view, vcpu, key->name.row, at, &key->times))
			return false;
	}
	for (uint32_t i = 0; !keyed && i < sample->vcpu_count; i++)
		for (uint32_t row = view->by == BY_SBI ? EXIT_SBI : 0; row < EXIT_ROWS; row++)
			if (!add_line(lines, view, &sample->vcpus[i], row, "",
				      &sample->times[i * EXIT_TIMES + row]))
				return false;
	return true;
}

static double rank(const struct stat_line *line, enum stat_order order)
{
	switch (order) {
	case ORDER_COUNT: return (double)line->times.count;
	case ORDER_AVERAGE: return (double)line->times.ns / (double)line->times.count;
	case ORDER_P99: return (double)stat_percentile(&line->times, 0.99);
	case ORDER_MAX: return (double)line->times.max;
	case ORDER_TIME: break;
	}
	return (double)line->times.ns;
}

static int compare(const void *a, const void *b, void *opaque)
{
	const struct stat_line *left = a, *right = b;
	const struct stat_view *view = opaque;
	double first = rank(left, view->order), second = rank(right, view->order);

	if (first != second)
		return first < second ? 1 : -1;
	return left->row < right->row ? -1 : left->row > right->row;
}

bool stat_lines_collect(struct stat_lines *lines, const struct stat_view *view,
			const struct stat_sample *sample)
{
	if (!collect(lines, view, sample))
		return false;
	if (lines->count)
		qsort_r(lines->lines, lines->count, sizeof(*lines->lines), compare,
			(void *)(uintptr_t)view);
	return true;
}
