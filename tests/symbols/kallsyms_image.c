/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/symbols/kallsyms_image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct made_image *image, uint64_t value, size_t len)
{
	assert(image->len + len <= MADE_IMAGE_SIZE);
	for (size_t i = 0; i < len; i++)
		image->bytes[image->len++] = (uint8_t)(value >> 8 * i);
}

static size_t aligned(struct made_image *image, size_t alignment)
{
	while (image->len % alignment)
		put(image, 0, 1);
	return image->len;
}

uint32_t made_offset(unsigned int i)
{
	/* 2 and 3 share an address, as _text and _stext do; the last ones are data. */
	return (i == 3 ? 2 : i) * 64;
}

void made_name(unsigned int i, char name[512])
{
	if (i == 1)
		memset(name, 'x', 200), name[200] = 0;
	else
		sprintf(name, "function_%u", i);
}

static char type(unsigned int i)
{
	return i > MADE_SYMBOLS - 10 ? 'd' : i == 3 ? 't' : 'T';
}

/* Token 1 stands for "Tfunction_", 2 for "function_", the others for their own character. */
static void put_name(struct made_image *image, unsigned int i)
{
	char words[513] = {type(i)};
	const char *rest = words;
	uint8_t tokens[513];
	size_t len = 0;

	made_name(i, words + 1);
	while (*rest) {
		if (!strncmp(rest, "Tfunction_", 10)) {
			tokens[len++] = 1;
			rest += 10;
		} else if (!strncmp(rest, "function_", 9)) {
			tokens[len++] = 2;
			rest += 9;
		} else {
			tokens[len++] = (uint8_t)*rest++;
		}
	}
	if (len > 0x7f) {
		put(image, (len & 0x7f) | 0x80, 1);
		put(image, len >> 7, 1);
	} else {
		put(image, len, 1);
	}
	for (size_t k = 0; k < len; k++)
		put(image, tokens[k], 1);
}

static void put_tokens(struct made_image *image, size_t alignment)
{
	uint16_t index[256];

	image->token_table = aligned(image, alignment);
	for (unsigned int i = 0; i < 256; i++) {
		const char own[2] = {i >= ' ' && i < 127 ? (char)i : 0};
		const char *words = i == 1 ? "Tfunction_" : i == 2 ? "function_" : own;

		index[i] = (uint16_t)(image->len - image->token_table);
		for (size_t k = 0; k <= strlen(words); k++)
			put(image, (uint8_t)words[k], 1);
	}
	image->token_index = aligned(image, alignment);
	for (unsigned int i = 0; i < 256; i++)
		put(image, index[i], 2);
}

void make_image(struct made_image *image, bool place_relative, uint64_t base)
{
	const size_t alignment = place_relative ? 4 : 8;
	uint32_t markers[(MADE_SYMBOLS + 255) / 256];

	*image = (struct made_image){.len = 0};
	/* The header: code0, code1, text_offset, image_size; at 56 its second magic number. */
	put(image, 0x106f5a4d, 8);
	put(image, 0x200000, 8);
	put(image, MADE_IMAGE_SIZE, 8);
	memcpy(image->bytes + 56, "RSC\x05", 4);
	image->len = 0x1000;

	image->num_syms = aligned(image, alignment);
	put(image, MADE_SYMBOLS, 4);
	image->names = aligned(image, alignment);
	for (unsigned int i = 0; i < MADE_SYMBOLS; i++) {
		if (i % 256 == 0)
			markers[i / 256] = (uint32_t)(image->len - image->names);
		put_name(image, i);
	}
	image->markers = aligned(image, alignment);
	for (size_t i = 0; i < sizeof(markers) / sizeof(markers[0]); i++)
		put(image, markers[i], 4);
	put_tokens(image, alignment);
	image->offsets = aligned(image, alignment);
	for (unsigned int i = 0; i < MADE_SYMBOLS; i++)
		put(image, made_offset(i) - (place_relative ? (uint32_t)image->len : 0), 4);
	if (!place_relative) {
		aligned(image, alignment);
		put(image, base, 8);
	}
	/* seqs_of_names, which nobody reads */
	for (unsigned int i = 0; i < MADE_SYMBOLS; i++)
		put(image, i, 3);
}
