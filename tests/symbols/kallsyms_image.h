/* SPDX-License-Identifier: Apache-2.0 */
/* A small Image with the symbol tables that Linux would have put into it. */
#ifndef VHART_KALLSYMS_IMAGE_H
#define VHART_KALLSYMS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MADE_IMAGE_SIZE = 24 * 1024,
	MADE_SYMBOLS = 700, /* more than two markers */
};

struct made_image {
	uint8_t bytes[MADE_IMAGE_SIZE];
	size_t len; /* the rest is zero */
	size_t num_syms, names, markers, token_table, token_index, offsets;
};

/*
 * PLACE_RELATIVE: as Linux 7.0 and later lay it out, else as 6.4 to 6.19, with that base. Symbol I
 * is called "function_I" and lies at made_offset(I) from the base, or from the start of the image;
 * symbol 1 is called by a name whose length takes two bytes.
 */
void make_image(struct made_image *image, bool place_relative, uint64_t base);
uint32_t made_offset(unsigned int i);
/* The name of symbol I, at most 511 characters. */
void made_name(unsigned int i, char name[512]);

#endif
