/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for guest addresses. Pure: a table filled by one of the readers below, each of which takes
 * bytes that nobody vouches for. Order of use: a reader (or symbols_add() and symbols_finish()),
 * symbols_slide() where the kernel was moved, then lookups.
 */
#ifndef VHART_SYMBOLS_H
#define VHART_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/image_formats.h"

/* As KSYM_NAME_LEN of Linux; longer names (C++) are cut. */
#define SYMBOL_NAME_MAX 512

struct symbol {
	uint64_t address;
	uint64_t size; /* 0: not known, up to the next symbol */
	uint32_t name;
	uint32_t module; /* both offsets into the names */
	char type;	 /* nm's letter: T, t, W: code */
};

/* All zero is an empty table. */
struct symbols {
	struct symbol *table;
	size_t count, room;
	char *names;
	size_t names_len, names_room;
	uint32_t module;    /* of the last symbol added, where its name is kept */
	uint64_t slide;	    /* added to every address of the table (KASLR) */
	bool out_of_memory; /* or more than any kernel has: symbols_finish() says so */
};

/*
 * Adds a symbol of nm's TYPE; MODULE is "" for the kernel itself. Those of other than code are kept
 * too: they end the code before them. Absolute, undefined and mapping symbols ($x, .L) are dropped.
 */
void symbols_add(struct symbols *symbols, uint64_t address, uint64_t size, char type,
		 const char *name, size_t name_len, const char *module, size_t module_len);

/* Sorts the table. False with MESSAGE when there was no memory or no code in it. */
bool symbols_finish(struct symbols *symbols, char message[IMAGE_MESSAGE_MAX]);
void symbols_free(struct symbols *symbols);

struct symbol_place {
	const char *name;
	const char *module; /* "" for the kernel itself */
	uint64_t start;	    /* of the symbol, slide included */
	uint64_t size;	    /* up to where addresses are taken for its own */
	uint64_t offset;
};

/*
 * What code is at ADDRESS. Where several symbols share an address the choice is perf's: one with a
 * size, strong before weak, global before local, fewer underscores in front, the longer name; but
 * section markers (_stext, __sched_text_start) come last. False when no code is known there.
 */
bool symbols_lookup(const struct symbols *symbols, uint64_t address, struct symbol_place *place);

/* The address of NAME, slide included; also of names that lost the choice and of data. */
bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *address);

/*
 * Whether a call can return to ADDRESS: what is there, or right before it, follows the beginning of
 * code and not of data, nor the end of a section of code. It need not have a name of its own.
 */
bool symbols_may_return_to(const struct symbols *symbols, uint64_t address);

/*
 * The kernel's NAME is now known to be at ADDRESS (handle_exception at stvec without its mode
 * bits): all else moves with it. False, and nothing moves, when the name is not known or the
 * distance is not whole pages, which no kernel is moved by.
 */
bool symbols_slide(struct symbols *symbols, const char *name, uint64_t address);

/*
 * The readers: false with MESSAGE filled by words that follow the file's name. The table is then
 * to be freed, no more.
 *
 * The text of /proc/kallsyms, System.map or nm.
 */
bool symbols_read_kallsyms(struct symbols *symbols, const struct blob *text,
			   char message[IMAGE_MESSAGE_MAX]);

/*
 * What a process says of code that it made: the text of /tmp/perf-PID.map, "address size name" a
 * line, in hexadecimal. A line further down is newer: where it overlaps others they are gone. Lines
 * that are none are passed over, as the last one may be half written; all of the names are 't'.
 */
bool symbols_read_perf_map(struct symbols *symbols, const struct blob *text,
			   char message[IMAGE_MESSAGE_MAX]);

/* .symtab of an ELF64 for RISC-V, else its .dynsym. */
bool symbols_read_elf(struct symbols *symbols, const struct blob *elf,
		      char message[IMAGE_MESSAGE_MAX]);

/*
 * The kallsyms tables inside a riscv64 Linux Image, unpacked, or inside guest memory from where the
 * Image was loaded (which may change meanwhile: every length is checked where it is used).
 * Linux 6.4 and later. Addresses are as linked: KASLR needs symbols_slide().
 */
bool symbols_read_image(struct symbols *symbols, const struct blob *image,
			char message[IMAGE_MESSAGE_MAX]);

/*
 * The same for one of several images that may be hostile: what it does is taken from *WORK, in
 * steps of a few ns each beside one look at all of IMAGE. Where that does not last it gives up, and
 * *WORK is 0. A real kernel takes a few millions.
 */
#define SYMBOLS_IMAGE_WORK (64ull << 20)
bool symbols_search_image(struct symbols *symbols, const struct blob *image, uint64_t *work,
			  char message[IMAGE_MESSAGE_MAX]);

#endif
