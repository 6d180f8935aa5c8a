/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/btf.h"

#include <string.h>

#include <linux/btf.h>

/* Structures in one another, or names of one type for another: more than any kernel has. */
#define DEEPEST 16u
/* Of a word of a path. */
#define WORD_MOST 64u

/* What follows a type, by its kind: SIZE bytes, or so many for each of its vlen. */
static const struct {
	uint8_t once, each;
} tails[NR_BTF_KINDS] = {
	[BTF_KIND_INT] = {4, 0},
	[BTF_KIND_ARRAY] = {sizeof(struct btf_array), 0},
	[BTF_KIND_STRUCT] = {0, sizeof(struct btf_member)},
	[BTF_KIND_UNION] = {0, sizeof(struct btf_member)},
	[BTF_KIND_ENUM] = {0, sizeof(struct btf_enum)},
	[BTF_KIND_FUNC_PROTO] = {0, sizeof(struct btf_param)},
	[BTF_KIND_VAR] = {sizeof(struct btf_var), 0},
	[BTF_KIND_DATASEC] = {0, sizeof(struct btf_var_secinfo)},
	[BTF_KIND_DECL_TAG] = {sizeof(struct btf_decl_tag), 0},
	[BTF_KIND_ENUM64] = {0, sizeof(struct btf_enum64)},
};

/* A type, and where what follows it begins. */
struct type {
	struct btf_type is;
	uint64_t tail, end;
};

bool btf_open(struct btf_types *types, const struct blob *btf)
{
	struct btf_header header;
	uint64_t types_at, strings_at;

	if (btf->len < sizeof(header))
		return false;
	memcpy(&header, btf->bytes, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
	    header.hdr_len < sizeof(header))
		return false;
	types_at = (uint64_t)header.hdr_len + header.type_off;
	strings_at = (uint64_t)header.hdr_len + header.str_off;
	if (types_at > btf->len || header.type_len > btf->len - types_at || strings_at > btf->len ||
	    header.str_len > btf->len - strings_at || !header.str_len ||
	    btf->bytes[strings_at + header.str_len - 1])
		return false;
	*types = (struct btf_types){
		.types = btf->bytes + types_at,
		.strings = (const char *)btf->bytes + strings_at,
		.types_len = header.type_len,
		.strings_len = header.str_len,
		.work = BTF_WORK,
	};
	return true;
}

static bool spend(struct btf_types *types)
{
	types->work -= types->work > 0;
	return types->work > 0;
}

/* The type at AT. False: there is none, or none that is known. */
static bool read_type(struct btf_types *types, uint64_t at, struct type *type)
{
	unsigned int kind;

	if (!spend(types) || types->types_len - at < sizeof(type->is))
		return false;
	memcpy(&type->is, types->types + at, sizeof(type->is));
	kind = BTF_INFO_KIND(type->is.info);
	if (kind == BTF_KIND_UNKN || kind >= NR_BTF_KINDS)
		return false;
	type->tail = at + sizeof(type->is);
	type->end = type->tail + tails[kind].once +
		    (uint64_t)tails[kind].each * BTF_INFO_VLEN(type->is.info);
	return type->end <= types->types_len;
}

/* Type NUMBER; they count from 1. */
static bool find_type(struct btf_types *types, uint32_t number, struct type *type)
{
	uint64_t at = 0;

	do {
		if (!number || !read_type(types, at, type))
			return false;
		at = type->end;
	} while (--number);
	return true;
}

static const char *name_at(const struct btf_types *types, uint32_t offset)
{
	return offset < types->strings_len ? types->strings + offset : "";
}

static bool is_composite(const struct type *type)
{
	unsigned int kind = BTF_INFO_KIND(type->is.info);

	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

/* The structure or union that type NUMBER is, by whatever names. */
static bool find_composite(struct btf_types *types, uint32_t number, struct type *type)
{
	for (unsigned int i = 0; i < DEEPEST; i++) {
		if (!find_type(types, number, type))
			return false;
		switch (BTF_INFO_KIND(type->is.info)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION: return true;
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_TYPE_TAG: number = type->is.type; break;
		default: return false;
		}
	}
	return false;
}

/* In bits. */
static uint64_t member_offset(const struct type *of, const struct btf_member *member)
{
	return BTF_INFO_KFLAG(of->is.info) ? BTF_MEMBER_BIT_OFFSET(member->offset) : member->offset;
}

static bool find_path(struct btf_types *types, const struct type *of, const char *path,
		      unsigned int depth, uint64_t *bits);

/* PATH in MEMBER, whose own name is PATH's first word, of LEN bytes, or empty. */
static bool find_in_member(struct btf_types *types, const struct btf_member *member,
			   const char *path, size_t len, unsigned int depth, uint64_t *bits)
{
	bool named = *name_at(types, member->name_off);
	const char *rest = named ? path + len : path;
	struct type inner;

	if (named && !*rest)
		return true;
	return depth < DEEPEST && find_composite(types, member->type, &inner) &&
	       find_path(types, &inner, named ? rest + 1 : rest, depth + 1, bits);
}

/* Adds to *BITS where PATH is in the structure OF. */
static bool find_path(struct btf_types *types, const struct type *of, const char *path,
		      unsigned int depth, uint64_t *bits)
{
	size_t len = strcspn(path, ".");

	for (uint64_t at = of->tail; at < of->end; at += sizeof(struct btf_member)) {
		struct btf_member member;
		const char *name;
		uint64_t inside;

		if (!spend(types))
			return false;
		memcpy(&member, types->types + at, sizeof(member));
		name = name_at(types, member.name_off);
		if (*name && (strncmp(name, path, len) != 0 || name[len]))
			continue;
		inside = *bits + member_offset(of, &member);
		if (find_in_member(types, &member, path, len, depth, &inside)) {
			*bits = inside;
			return true;
		}
	}
	return false;
}

bool btf_offset(struct btf_types *types, const char *path, uint64_t *offset)
{
	size_t len = strcspn(path, ".");
	struct type type;

	if (!path[len] || len >= WORD_MOST)
		return false;
	for (uint64_t at = 0; read_type(types, at, &type); at = type.end) {
		const char *name = name_at(types, type.is.name_off);
		uint64_t bits = 0;

		/* Several may have one name. */
		if (!is_composite(&type) || strncmp(name, path, len) != 0 || name[len] ||
		    !find_path(types, &type, path + len + 1, 0, &bits))
			continue;
		*offset = bits / 8;
		return bits % 8 == 0;
	}
	return false;
}
