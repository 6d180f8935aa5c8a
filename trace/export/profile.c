/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks and their sums. */

#include "trace/export/profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "trace/export/intern.h"

struct frame_key {
	uint64_t address;
	uint32_t name;
	uint32_t kind;
};

/* What makes two stacks equal: these, and then the frames' numbers. */
enum { KEY_VM, KEY_VCPU, KEY_MODE, KEY_REASON, KEY_COMM, KEY_PROCESS, KEY_FRAMES };

struct profile {
	struct budget budget;
	size_t limit;
	struct intern names, frames, stacks;
	struct profile_values *values; /* by a stack's number */
	size_t values_room;
	uint32_t *order;
	size_t order_room;
	bool sorted;
	struct profile_values total, lost;
};

static const char *const kind_names[PROFILE_KINDS] = {
	[PROFILE_GUEST_KERNEL] = "guest.kernel",
	[PROFILE_GUEST_USER] = "guest.user",
	[PROFILE_HOST_KERNEL] = "host.kernel",
	[PROFILE_HOST_USER] = "host.user",
	[PROFILE_EXIT] = "exit",
};

const char *profile_kind_name(enum profile_kind kind)
{
	return kind_names[kind];
}

uint64_t profile_sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_values(struct profile_values *to, struct profile_values more)
{
	to->count = profile_sum(to->count, more.count);
	to->host_ns = profile_sum(to->host_ns, more.host_ns);
}

struct profile *profile_new(size_t limit)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return NULL;
	profile->limit = limit;
	profile->budget.left = limit;
	profile->names.budget = &profile->budget;
	profile->frames.budget = &profile->budget;
	profile->stacks.budget = &profile->budget;
	return profile;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	intern_free(&profile->names);
	intern_free(&profile->frames);
	intern_free(&profile->stacks);
	free(profile->values);
	free(profile->order);
	free(profile);
}

size_t profile_limit(const struct profile *profile)
{
	return profile->limit;
}

static int add_name(struct profile *profile, const char *name, uint32_t *number)
{
	char clean[PROFILE_NAME];

	printable(clean, sizeof(clean), name);
	return intern_add(&profile->names, clean, strlen(clean) + 1, number);
}

static int add_frame(struct profile *profile, const struct profile_frame *frame, uint32_t *number)
{
	struct frame_key key = {.address = frame->address, .kind = frame->kind};
	const char *name = frame->name && frame->name[0] ? frame->name : "[unknown]";
	int error = add_name(profile, name, &key.name);

	return error ? error : intern_add(&profile->frames, &key, sizeof(key), number);
}

/* The place for one more stack's values, before the stack is there: what comes after cannot fail.
 */
static int reserve(struct profile *profile)
{
	void *values = profile->values, *order = profile->order;
	size_t need = profile->stacks.count + 1ul;
	int error = budget_grow(&profile->budget, &values, &profile->values_room, need,
				sizeof(*profile->values));

	profile->values = values;
	if (error)
		return error;
	error = budget_grow(&profile->budget, &order, &profile->order_room, need,
			    sizeof(*profile->order));
	profile->order = order;
	return error;
}

static int add_stack(struct profile *profile, const struct profile_frame *frames, size_t depth,
		     const struct profile_labels *labels, uint32_t *number)
{
	static const struct profile_frame cut = {.name = "[cut]"};
	const struct profile_frame unknown = {.kind = labels->mode};
	uint32_t key[KEY_FRAMES + PROFILE_DEPTH + 1];
	size_t kept = depth > PROFILE_DEPTH ? PROFILE_DEPTH : depth, used = KEY_FRAMES;
	const struct {
		const char *text;
		unsigned int key;
	} texts[] = {{labels->vm, KEY_VM},
		     {labels->reason, KEY_REASON},
		     {labels->comm, KEY_COMM},
		     {labels->process, KEY_PROCESS}};
	int error = reserve(profile);

	key[KEY_VCPU] = (uint32_t)labels->vcpu;
	key[KEY_MODE] = labels->mode;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !error; i++)
		error = add_name(profile, texts[i].text ? texts[i].text : "", &key[texts[i].key]);
	for (size_t i = 0; i < kept && !error; i++)
		error = add_frame(profile, &frames[i], &key[used++]);
	if (depth == 0 && !error)
		error = add_frame(profile, &unknown, &key[used++]);
	if (kept < depth && !error)
		error = add_frame(profile, &cut, &key[used++]);
	return error ? error : intern_add(&profile->stacks, key, used * sizeof(key[0]), number);
}

int profile_add(struct profile *profile, const struct profile_frame *frames, size_t depth,
		const struct profile_labels *labels, struct profile_values values)
{
	uint32_t before = profile->stacks.count, number = 0;
	int error = add_stack(profile, frames, depth, labels, &number);

	if (error) {
		add_values(&profile->lost, values);
		return error;
	}
	if (number == before) {
		profile->values[number] = (struct profile_values){0};
		profile->order[number] = number;
		profile->sorted = false;
	}
	add_values(&profile->values[number], values);
	add_values(&profile->total, values);
	return 0;
}

struct profile_values profile_total(const struct profile *profile)
{
	return profile->total;
}

struct profile_values profile_lost(const struct profile *profile)
{
	return profile->lost;
}

size_t profile_count(const struct profile *profile)
{
	return profile->stacks.count;
}

size_t profile_frames(const struct profile *profile)
{
	return profile->frames.count;
}

struct profile_frame profile_frame(const struct profile *profile, uint32_t number)
{
	const struct frame_key *key = intern_get(&profile->frames, number, NULL);

	return (struct profile_frame){
		.name = intern_get(&profile->names, key->name, NULL),
		.address = key->address,
		.kind = (enum profile_kind)key->kind,
	};
}

static const char *label(const struct profile *profile, uint32_t number)
{
	const char *text = intern_get(&profile->names, number, NULL);

	return text[0] ? text : NULL;
}

static struct profile_stack stack_of(const struct profile *profile, uint32_t number)
{
	size_t size = 0;
	const uint32_t *key = intern_get(&profile->stacks, number, &size);

	return (struct profile_stack){
		.labels = {.vm = label(profile, key[KEY_VM]),
			   .vcpu = (int32_t)key[KEY_VCPU],
			   .mode = (enum profile_kind)key[KEY_MODE],
			   .reason = label(profile, key[KEY_REASON]),
			   .comm = label(profile, key[KEY_COMM]),
			   .process = label(profile, key[KEY_PROCESS])},
		.values = profile->values[number],
		.frames = key + KEY_FRAMES,
		.depth = size / sizeof(*key) - KEY_FRAMES,
	};
}

struct profile_stack profile_stack(const struct profile *profile, size_t number)
{
	return stack_of(profile, profile->order[number]);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_frames(const struct profile_frame *a, const struct profile_frame *b)
{
	int result = strcmp(a->name, b->name);

	if (!result)
		result = compare_numbers(a->kind, b->kind);
	return result ? result : compare_numbers(a->address, b->address);
}

/* NULL comes first. */
static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_labels(const struct profile_labels *a, const struct profile_labels *b)
{
	int result = compare_texts(a->vm, b->vm);

	if (!result)
		result = (a->vcpu > b->vcpu) - (a->vcpu < b->vcpu);
	if (!result)
		result = compare_numbers(a->mode, b->mode);
	if (!result)
		result = compare_texts(a->reason, b->reason);
	if (!result)
		result = compare_texts(a->comm, b->comm);
	return result ? result : compare_texts(a->process, b->process);
}

/* From the root on, as stacks are shown. */
static int compare_stacks(const void *left, const void *right, void *opaque)
{
	const struct profile *profile = opaque;
	struct profile_stack a = stack_of(profile, *(const uint32_t *)left);
	struct profile_stack b = stack_of(profile, *(const uint32_t *)right);
	int result = compare_labels(&a.labels, &b.labels);

	for (size_t i = 1; i <= a.depth && i <= b.depth && !result; i++) {
		struct profile_frame one = profile_frame(profile, a.frames[a.depth - i]);
		struct profile_frame other = profile_frame(profile, b.frames[b.depth - i]);

		result = compare_frames(&one, &other);
	}
	return result ? result : compare_numbers(a.depth, b.depth);
}

void profile_sort(struct profile *profile)
{
	if (!profile->sorted && profile->stacks.count > 1)
		qsort_r(profile->order, profile->stacks.count, sizeof(*profile->order),
			compare_stacks, profile);
	profile->sorted = true;
}
