/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own table of its symbols, as write_src() of Linux's scripts/kallsyms.c lays it into
 * .rodata, since 6.4 in this order:
 *
 *   num_syms      u32
 *   names         for each symbol: length (ULEB128 of one or two bytes), tokens of a byte each
 *   markers       u32 for every 256 symbols: where its name is in names
 *   token_table   256 strings; those of a symbol's tokens in a row are nm's letter and its name
 *   token_index   u16 for each token: where it is in token_table
 *   offsets       s32 for each symbol, sorted by address
 *   relative_base u64, up to 6.19: what the offsets, then unsigned, are from. Since 7.0 each is
 * from its own place.
 *
 * Each aligned to 8 bytes, since 7.0 to 4. Nothing points there, but no other data looks like
 * token_index, and from there the others are found by their shape. Every step is proved by the
 * next, the last ones by names that end where markers begins.
 */
#include <string.h>

#include "base/image_formats.h"
#include "trace/guest/symbols.h"

enum {
	TOKENS = 256,
	INDEX_LEN = 2 * TOKENS,
	GROUP = 256,	      /* symbols to a marker */
	PADDING_MOST = 7,     /* of 8-byte alignment */
	CANDIDATES_MOST = 16, /* what a hostile image can make us walk */
};

/* KERNEL_LINK_ADDR of arch/riscv/include/asm/pgtable.h: where byte 0 of an Image is linked to. */
static const uint64_t link_address = 0xffffffff80000000;

/* Offsets in the image. */
struct tables {
	const uint8_t *bytes;
	size_t len;
	size_t names, markers, marker_count, tokens, index, offsets;
	uint32_t count;
	bool place_relative;
	uint64_t base;
	uint64_t *work; /* that may still be done */
};

/* False: there is no more to spend. Shapes that fit are cheap to make and dear to look at. */
static bool spend(const struct tables *tables, uint64_t steps)
{
	*tables->work -= steps < *tables->work ? steps : *tables->work;
	return *tables->work > 0;
}

static uint32_t u32_at(const struct tables *tables, size_t at)
{
	return image_u32(tables->bytes + at);
}

static uint32_t marker(const struct tables *tables, size_t i)
{
	return u32_at(tables, tables->markers + 4 * i);
}

static size_t token(const struct tables *tables, unsigned int i)
{
	return tables->tokens + image_u16(tables->bytes + tables->index + 2 * i);
}

/* 256 numbers that begin with 0 and grow. */
static bool is_token_index(const uint8_t *at)
{
	if (image_u16(at))
		return false;
	for (unsigned int i = 1; i < TOKENS; i++) {
		if (image_u16(at + 2 * i) <= image_u16(at + 2 * (i - 1)))
			return false;
	}
	return true;
}

/* Whether each token ends with the one zero before the next, and the last shortly before the index.
 */
static bool is_token_table(const struct tables *tables)
{
	for (unsigned int i = 0; i < TOKENS; i++) {
		const size_t start = token(tables, i);
		const size_t end = i + 1 < TOKENS ? token(tables, i + 1) : tables->index;

		if (end > tables->index || start >= end || !spend(tables, 1 + (end - start) / 16))
			return false;
		const uint8_t *zero = memchr(tables->bytes + start, 0, end - start);
		if (!zero)
			return false;
		const size_t rest = end - (size_t)(zero - tables->bytes) - 1;
		if (i + 1 < TOKENS ? rest != 0 : rest > PADDING_MOST)
			return false;
	}
	return true;
}

/* Only the last token's length is not known. */
static bool find_tokens(struct tables *tables)
{
	const size_t last = image_u16(tables->bytes + tables->index + INDEX_LEN - 2);

	for (size_t room = 4; room < SYMBOL_NAME_MAX + PADDING_MOST; room += 4) {
		if (tables->index < last + room)
			return false;
		tables->tokens = (tables->index - last - room + 3) & ~(size_t)3;
		if (is_token_table(tables))
			return true;
	}
	return false;
}

/* Markers grow from 0, each by a length and a token for every symbol at least. */
static bool find_markers(struct tables *tables)
{
	size_t at = tables->tokens;

	if (at >= 4 && !u32_at(tables, at - 4))
		at -= 4; /* of the alignment: a kernel has more than one marker */
	const size_t end = at;
	for (;;) {
		if (at < 8 || !spend(tables, 1))
			return false;
		at -= 4;
		if (!u32_at(tables, at))
			break;
		if (u32_at(tables, at) < u32_at(tables, at - 4) + 2ull * GROUP)
			return false;
	}
	tables->markers = at;
	tables->marker_count = (end - at) / 4;
	return tables->marker_count > 1;
}

/* Takes the name at AT, to NAME and its LEN tokens. False when it would not end before markers. */
static bool take_name(const struct tables *tables, size_t *at, size_t *name, size_t *len)
{
	if (tables->markers - *at < 2 || !spend(tables, 1))
		return false;
	*len = tables->bytes[(*at)++];
	if (*len & 0x80)
		*len = (*len & 0x7f) | (size_t)(tables->bytes[(*at)++] & 0x7f) << 7;
	*name = *at;
	if (!*len || *len > tables->markers - *at)
		return false;
	*at += *len;
	return true;
}

/* Whether, with names as it is now, the names after the last marker end where markers begins. */
static bool last_names_fit(const struct tables *tables)
{
	size_t at = tables->names + marker(tables, tables->marker_count - 1), name, len;

	for (size_t i = (tables->marker_count - 1) * GROUP; i < tables->count; i++) {
		if (!take_name(tables, &at, &name, &len))
			return false;
	}
	return tables->markers - at <= PADDING_MOST;
}

/* The count of symbols stands before names, and how many names follow the last marker is not known.
 */
static bool find_names(struct tables *tables)
{
	const size_t last = marker(tables, tables->marker_count - 1);
	const size_t most = GROUP * (SYMBOL_NAME_MAX + 2);

	for (size_t behind = 4; behind < most; behind += 4) {
		if (tables->markers < last + behind + 8 || !spend(tables, 1))
			return false;
		tables->names = tables->markers - last - behind;
		tables->names &= ~(size_t)3;
		tables->count = u32_at(tables, tables->names - 4);
		if (!tables->count)
			tables->count = u32_at(tables, tables->names - 8);
		if (((uint64_t)tables->count + GROUP - 1) / GROUP == tables->marker_count &&
		    last_names_fit(tables))
			return true;
	}
	return false;
}

/* Whether every marker is where its name begins. */
static bool names_fit(const struct tables *tables)
{
	size_t at = tables->names, name, len;

	for (uint32_t i = 0; i < tables->count; i++) {
		if (i % GROUP == 0 && at - tables->names != marker(tables, i / GROUP))
			return false;
		if (!take_name(tables, &at, &name, &len))
			return false;
	}
	return true;
}

/* The address of symbol I. */
static uint64_t address(const struct tables *tables, uint32_t i)
{
	const size_t place = tables->offsets + 4 * (size_t)i;
	const uint32_t offset = u32_at(tables, place);

	if (tables->place_relative)
		return tables->base + place + (uint64_t)(int64_t)(int32_t)offset;
	return tables->base + offset;
}

static bool addresses_grow(const struct tables *tables)
{
	for (uint32_t i = 1; i < tables->count; i++) {
		if (address(tables, i) < address(tables, i - 1))
			return false;
	}
	return spend(tables, tables->count);
}

/*
 * The offsets follow the index, whose length is of either alignment. Those of the older form grow,
 * which in the newer two names of one address (_text, _stext) prevent. A relocatable kernel's base
 * is 0 in the file.
 */
static bool find_addresses(struct tables *tables)
{
	tables->offsets = tables->index + INDEX_LEN;
	if ((tables->len - tables->offsets) / 4 < tables->count)
		return false;
	const size_t behind = (tables->offsets + 4 * (size_t)tables->count + 7) & ~(size_t)7;
	tables->place_relative = false;
	tables->base = 0;
	if (behind <= tables->len && tables->len - behind >= 8 && addresses_grow(tables)) {
		tables->base = image_u64(tables->bytes + behind);
		if (!tables->base)
			tables->base = link_address;
		return true;
	}
	tables->place_relative = true;
	tables->base = link_address;
	return addresses_grow(tables);
}

/* Writes the tokens of a name out; the length, cut at what WORDS has room for. */
static size_t expand(const struct tables *tables, size_t name, size_t len,
		     char words[SYMBOL_NAME_MAX + 1])
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		size_t at = token(tables, tables->bytes[name + i]);

		while (at < tables->index && tables->bytes[at] && out < SYMBOL_NAME_MAX + 1)
			words[out++] = (char)tables->bytes[at++];
	}
	return out;
}

static void add_symbols(struct symbols *symbols, const struct tables *tables)
{
	char words[SYMBOL_NAME_MAX + 1];
	size_t at = tables->names, name, len;

	for (uint32_t i = 0; i < tables->count; i++) {
		if (!take_name(tables, &at, &name, &len))
			return;
		size_t out = expand(tables, name, len, words);
		if (out > 1)
			symbols_add(symbols, address(tables, i), 0, words[0], words + 1, out - 1,
				    "", 0);
	}
}

static bool find_tables(struct tables *tables)
{
	unsigned int candidates = 0;

	for (size_t at = 0; tables->len >= INDEX_LEN && at <= tables->len - INDEX_LEN; at += 4) {
		if (!is_token_index(tables->bytes + at))
			continue;
		tables->index = at;
		if (!find_tokens(tables) || !find_markers(tables) || !find_names(tables)) {
			if (!*tables->work)
				return false;
			continue;
		}
		if (names_fit(tables) && find_addresses(tables))
			return true;
		if (++candidates == CANDIDATES_MOST || !*tables->work)
			return false;
	}
	return false;
}

bool symbols_search_image(struct symbols *symbols, const struct blob *image, uint64_t *work,
			  char message[IMAGE_MESSAGE_MAX])
{
	struct tables tables = {.bytes = image->bytes, .len = image->len, .work = work};
	bool found;

	if (!image_is_linux(image))
		return image_refuse(message, "is not a riscv64 Linux Image");
	found = find_tables(&tables);
	if (!*work)
		return image_refuse(message,
				    "has too much inside that looks like tables of symbols");
	if (!found)
		return image_refuse(message,
				    "has no symbols inside (CONFIG_KALLSYMS of Linux 6.4 or "
				    "later)");
	add_symbols(symbols, &tables);
	return symbols_finish(symbols, message);
}

bool symbols_read_image(struct symbols *symbols, const struct blob *image,
			char message[IMAGE_MESSAGE_MAX])
{
	uint64_t work = SYMBOLS_IMAGE_WORK;

	return symbols_search_image(symbols, image, &work, message);
}
