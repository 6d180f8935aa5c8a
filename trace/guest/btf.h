/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of a kernel (BTF, Documentation/bpf/btf.rst), from bytes that nobody vouches for: where
 * the members of its structures are. Pure.
 */
#ifndef VHART_BTF_H
#define VHART_BTF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/image_formats.h"

/* The largest that is taken for one: kernels have 5 MB. */
#define BTF_LARGEST (64ull << 20)

struct btf_types {
	const uint8_t *types;
	const char *strings;
	uint64_t types_len, strings_len; /* the strings end with a zero */
	uint64_t work;			 /* steps of a few ns each that may still be done */
};

/* So many steps are enough for some hundred members of the largest kernel. */
#define BTF_WORK (64ull << 20)

/* Where types and strings are in BTF, which stays the caller's. False: it is none, for a machine of
 * this byte order. */
bool btf_open(struct btf_types *types, const struct blob *btf);

/*
 * The offset in bytes of the member that PATH names: "rq.curr", "task_struct.thread_info.cpu". A
 * member may be in a structure or union without a name. False: there is none, it is no whole byte,
 * or TYPES->work did not last (and is 0 then).
 */
bool btf_offset(struct btf_types *types, const char *path, uint64_t *offset);

#endif
