/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/lines/tracer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "trace/sources/guest_clock.h"

static bool is_wanted(const struct tracer *tracer, const struct trace_exit *exit)
{
	const struct trace_options *options = tracer->options;

	if (!trace_shows_vcpu(options, exit->who.vcpu))
		return false;
	if (options->errors && !exit_failed(exit))
		return false;
	return exit->record->ns >= options->than;
}

static struct trace_who who_is(const struct tracer *tracer, uint32_t vcpu)
{
	struct exit_vcpu seen = {0};

	collector_vcpu(tracer->collector, vcpu, &seen);
	return (struct trace_who){
		.vm = vm_names_get(&tracer->options->names, seen.tgid),
		.pid = seen.tgid,
		.tid = seen.tid,
		.vcpu = seen.vcpu_id,
		.time_delta = seen.time_delta,
	};
}

/* Its thread ended in it: the guest did not go on. */
static bool has_ended(const struct tracer_item *item)
{
	return item->part != TRACE_BEGIN && !item->record.next_pc;
}

static struct trace_exit exit_of(const struct tracer *tracer, const struct tracer_item *item)
{
	return (struct trace_exit){
		.record = &item->record,
		.who = who_is(tracer, item->vcpu),
		.clock = tracer->clock,
		.text = item->text,
		.unfinished = item->part == TRACE_BEGIN || has_ended(item),
	};
}

static uint32_t vcpu_count(const struct tracer *tracer)
{
	uint32_t seen = collector_seen(tracer->collector);

	return seen < EXIT_VCPUS ? seen : EXIT_VCPUS;
}

/* ---- what there is ---- */

static bool make_room(struct tracer *tracer)
{
	size_t room = tracer->room ? tracer->room * 2 : 1024;
	struct tracer_item *more;

	if (tracer->count < tracer->room)
		return true;
	more = realloc(tracer->items, room * sizeof(*more));
	if (!more)
		return false;
	tracer->items = more;
	tracer->room = room;
	return true;
}

/* A copy of the text behind a record, which is its writer's again when the record is taken. */
static uint8_t *copy_text(const uint8_t *text)
{
	uint8_t *copy = text ? malloc(RECORD_LONG_TEXT) : NULL;

	if (copy)
		memcpy(copy, text, RECORD_LONG_TEXT);
	return copy;
}

static bool gather_vcpu(struct tracer *tracer, uint32_t vcpu)
{
	struct tracer_item *item;
	const uint8_t *text;

	do {
		if (!make_room(tracer))
			return false;
		item = &tracer->items[tracer->count];
		if (!collector_peek(tracer->collector, vcpu, &item->record, &text))
			return true;
		item->vcpu = vcpu;
		item->part = item->record.exited == tracer->begun[vcpu] ? TRACE_END : TRACE_WHOLE;
		item->text = item->record.known & RECORD_BYTES ? copy_text(text) : NULL;
		tracer->count++;
		collector_take(tracer->collector, vcpu);
	} while (true);
}

/*
 * Exits that are being handled: each is looked up before the rings are emptied, and left away where
 * its record came after all. Of those only LAST shows, nobody knows what --than and --err make of
 * them; and JSON has one line for each.
 */
static bool wants_begun(const struct tracer *tracer, bool last)
{
	const struct trace_options *options = tracer->options;

	if (options->errors || options->only_summary)
		return false;
	return last || (!options->view.json && !options->than && !tracer->timeline);
}

struct under_way {
	struct exit_record records[EXIT_VCPUS]; /* exited is 0: none */
	uint64_t until;				/* all exits from before it are known */
};

static void find_under_way(const struct tracer *tracer, struct under_way *now)
{
	uint32_t count = vcpu_count(tracer);

	for (uint32_t i = 0; i < EXIT_VCPUS; i++)
		if (i >= count ||
		    !collector_open_exit(tracer->collector, i, &now->records[i], &now->until) ||
		    now->records[i].exited == tracer->begun[i])
			now->records[i].exited = 0;
}

static bool add_under_way(struct tracer *tracer, struct under_way *now)
{
	for (size_t i = 0; i < tracer->count; i++) {
		const struct tracer_item *item = &tracer->items[i];

		if (item->part != TRACE_BEGIN &&
		    item->record.exited == now->records[item->vcpu].exited)
			now->records[item->vcpu].exited = 0;
	}
	for (uint32_t i = 0; i < EXIT_VCPUS; i++) {
		if (!now->records[i].exited)
			continue;
		if (!make_room(tracer))
			return false;
		tracer->items[tracer->count++] = (struct tracer_item){
			.record = now->records[i], .vcpu = i, .part = TRACE_BEGIN};
	}
	return true;
}

/* ---- in order ---- */

/* What its line says for a time. */
static uint64_t item_time(const struct tracer_item *item)
{
	return item->part == TRACE_END ? item->record.entered : item->record.exited;
}

static int compare(const void *a, const void *b)
{
	uint64_t first = item_time(a), second = item_time(b);

	return first < second ? -1 : first > second;
}

/* False: enough. */
static bool print_item(struct tracer *tracer, struct tracer_item *item)
{
	const struct trace_exit exit = exit_of(tracer, item);
	struct trace_view *view = &tracer->options->view;

	if (item->part != TRACE_BEGIN && trace_shows_vcpu(tracer->options, exit.who.vcpu)) {
		tracer->lost_told[item->vcpu] += item->record.lost;
		trace_print_lost(tracer->out, view, &exit.who, item->record.lost);
	}
	/* One that never ends has the line of its beginning. */
	if (!is_wanted(tracer, &exit) || (has_ended(item) && item->part == TRACE_END))
		return true;
	trace_print(tracer->out, view, &exit, has_ended(item) ? TRACE_BEGIN : item->part);
	if (item->part == TRACE_BEGIN)
		tracer->begun[item->vcpu] = item->record.exited;
	return ++tracer->lines != tracer->options->count;
}

static void drop(struct tracer *tracer, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(tracer->items[i].text);
	tracer->count -= count;
	memmove(tracer->items, tracer->items + count, tracer->count * sizeof(*tracer->items));
}

/* Those before UNTIL: what came after it may not be complete. An exit that is under way has a line
 * as soon as one of another vCPU comes behind it. */
static void print_items(struct tracer *tracer, uint64_t until, bool last)
{
	size_t count = 0, shown = 0;

	while (count < tracer->count && item_time(&tracer->items[count]) < until)
		count++;
	for (size_t i = 0; i < count; i++)
		if (last || tracer->items[i].part != TRACE_BEGIN)
			shown = i + 1;
	for (size_t i = 0; i < shown && !tracer->full; i++)
		tracer->full = !print_item(tracer, &tracer->items[i]);
	drop(tracer, count);
}

static void draw_items(struct tracer *tracer)
{
	for (size_t i = 0; i < tracer->count; i++) {
		const struct trace_exit exit = exit_of(tracer, &tracer->items[i]);

		if (!trace_shows_vcpu(tracer->options, exit.who.vcpu))
			continue;
		tracer->lost_told[tracer->items[i].vcpu] += exit.record->lost;
		timeline_add(tracer->timeline, tracer->items[i].vcpu, &exit);
	}
	drop(tracer, tracer->count);
}

/* Records that are missing behind the last one of each vCPU. */
static void tell_last_losses(struct tracer *tracer)
{
	for (uint32_t i = 0; i < vcpu_count(tracer); i++) {
		const struct trace_who who = who_is(tracer, i);
		uint64_t lost = collector_records_lost(tracer->collector, i) - tracer->lost_told[i];

		if (!trace_shows_vcpu(tracer->options, who.vcpu))
			continue;
		if (tracer->timeline)
			timeline_lost(tracer->timeline, i, &who, clock_now(), lost);
		else
			trace_print_lost(tracer->out, &tracer->options->view, &who, lost);
	}
}

/* What is under way begins after all that its vCPU has a record of: items that are not shown yet
 * begin anew at the next look. */
static void forget_begun(struct tracer *tracer)
{
	size_t kept = 0;

	for (size_t i = 0; i < tracer->count; i++)
		if (tracer->items[i].part != TRACE_BEGIN)
			tracer->items[kept++] = tracer->items[i];
	tracer->count = kept;
}

/* What queued up while the programs were being attached came before the clock was read. Of a vCPU
 * nothing is older than when it was first seen. */
static void begin_time(const struct tracer *tracer)
{
	struct trace_view *view = &tracer->options->view;
	struct exit_vcpu vcpu;

	if (tracer->lines)
		return;
	for (uint32_t i = 0; i < vcpu_count(tracer); i++)
		if (collector_vcpu(tracer->collector, i, &vcpu))
			trace_begin_at(view, vcpu.first);
	if (tracer->count)
		trace_begin_at(view, item_time(&tracer->items[0]));
}

bool tracer_look(struct tracer *tracer, bool last)
{
	struct under_way now = {0};
	bool begun = wants_begun(tracer, last);

	forget_begun(tracer);
	tracer->clock = guest_clock(tracer->timebase);
	now.until = tracer->clock.ns;
	if (begun)
		find_under_way(tracer, &now);
	for (uint32_t i = 0; i < vcpu_count(tracer); i++)
		if (!gather_vcpu(tracer, i))
			return false;
	if (begun && !add_under_way(tracer, &now))
		return false;
	if (tracer->count)
		qsort(tracer->items, tracer->count, sizeof(*tracer->items), compare);
	begin_time(tracer);
	if (tracer->options->only_summary) {
		drop(tracer, tracer->count);
		return true;
	}
	if (tracer->timeline)
		draw_items(tracer);
	else
		print_items(tracer, last ? UINT64_MAX : now.until, last);
	if (last)
		tell_last_losses(tracer);
	if (last && tracer->timeline)
		timeline_end(tracer->timeline, clock_now());
	if (!tracer->timeline)
		return fflush(tracer->out) == 0;
	errno = -timeline_error(tracer->timeline);
	return errno == 0;
}

void tracer_free(struct tracer *tracer)
{
	drop(tracer, tracer->count);
	free(tracer->items);
}
