/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile: stacks of frames with what was counted there, equal ones summed. It knows nothing of
 * where samples come from or of the formats they go to.
 *
 * Stacks are leaf first: the frame where it happened, then its caller, as an unwinder finds them.
 * Names are copied. They come out as well-formed UTF-8 that prints (printable.h), at most
 * PROFILE_NAME - 1 bytes, never empty.
 */
#ifndef VHART_PROFILE_H
#define VHART_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#define PROFILE_NAME  1024
#define PROFILE_DEPTH 256

/* Where a frame runs; EXIT is the reason why the guest stopped, as a frame of its own at the leaf.
 */
enum profile_kind {
	PROFILE_NO_KIND,
	PROFILE_GUEST_KERNEL,
	PROFILE_GUEST_USER,
	PROFILE_HOST_KERNEL,
	PROFILE_HOST_USER,
	PROFILE_EXIT,
	PROFILE_KINDS
};

struct profile_frame {
	const char *name; /* NULL: unknown */
	uint64_t address; /* 0: none */
	enum profile_kind kind;
};

#define PROFILE_NO_VCPU (-1)

struct profile_labels {
	const char *vm; /* NULL: none */
	int32_t vcpu;
	enum profile_kind mode;
	const char *reason;  /* of the exit; NULL: none */
	const char *comm;    /* the guest's thread, by its name; NULL: not known */
	const char *process; /* and its process: "name (number)"; NULL: not known */
};

struct profile_values {
	uint64_t count;
	uint64_t host_ns;
};

/* One of a profile's stacks. The frames are numbers for profile_frame(), leaf first. */
struct profile_stack {
	struct profile_labels labels;
	struct profile_values values;
	const uint32_t *frames;
	size_t depth;
};

struct profile;

/* Holds at most limit bytes. NULL where there is no memory. */
struct profile *profile_new(size_t limit);
void profile_free(struct profile *profile);
size_t profile_limit(const struct profile *profile);

/*
 * 0, -ENOSPC (the limit) or -ENOMEM: then the profile is as before, and the values are in
 * profile_lost(). Of more than PROFILE_DEPTH frames, those next to the leaf are kept, below one
 * frame
 * "[cut]".
 */
int profile_add(struct profile *profile, const struct profile_frame *frames, size_t depth,
		const struct profile_labels *labels, struct profile_values values);

struct profile_values profile_total(const struct profile *profile);
struct profile_values profile_lost(const struct profile *profile);

/*
 * Reading: profile_sort() gives an order by labels and then names, that does not depend on the
 * order of arrival; after it, stacks are numbered from 0. What these return is valid until the next
 * add.
 */
void profile_sort(struct profile *profile);
size_t profile_count(const struct profile *profile);
struct profile_stack profile_stack(const struct profile *profile, size_t number);
size_t profile_frames(const struct profile *profile);
struct profile_frame profile_frame(const struct profile *profile, uint32_t number);

/* "guest.kernel" and so on; NULL for PROFILE_NO_KIND. */
const char *profile_kind_name(enum profile_kind kind);

/* Sums stay at the largest value rather than wrap. */
uint64_t profile_sum(uint64_t a, uint64_t b);

#endif
