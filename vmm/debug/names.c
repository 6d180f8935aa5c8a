/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/names.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "trace/guest/guest_image.h"
#include "trace/guest/guest_names.h"
#include "trace/guest/symbols.h"
#include "vmm/debug/symbol_file.h"

/* More than this from a symbol, and it is another's place. */
#define OFFSET_MOST (1u << 20)
#define FILE_MOST   (256u << 20)

struct debug_names {
	const struct config *config;
	pthread_mutex_t lock; /* the rest */
	struct symbols symbols;
	bool found;
	uint64_t stvec; /* by which they were moved */
};

struct debug_names *debug_names_new(const struct config *config)
{
	struct debug_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->config = config;
	pthread_mutex_init(&names->lock, NULL);
	return names;
}

void debug_names_free(struct debug_names *names)
{
	if (!names)
		return;
	symbols_free(&names->symbols);
	pthread_mutex_destroy(&names->lock);
	free(names);
}

/* ---- where they come from ---- */

static bool from_elf(struct symbols *symbols, const char *path)
{
	char message[IMAGE_MESSAGE_MAX];
	struct blob file = {0};
	bool found = false;

	/* A file that went away meanwhile is not worth a line here. */
	if (!path || access(path, R_OK) != 0 || !file_load("names", path, FILE_MOST, &file))
		return false;
	if (file.len > 4 && !memcmp(file.bytes, "\177ELF", 4))
		found = symbols_read_elf(symbols, &file, message);
	blob_free(&file);
	if (!found)
		symbols_free(symbols);
	return found;
}

bool debug_names_find(struct debug_names *names)
{
	const struct config *config = names->config;
	bool found;

	pthread_mutex_lock(&names->lock);
	if (!names->found)
		names->found = from_elf(&names->symbols,
					config->kernel ? config->kernel : config->firmware) ||
			       guest_image_symbols(getpid(), &names->symbols);
	found = names->found;
	pthread_mutex_unlock(&names->lock);
	return found;
}

void debug_names_move(struct debug_names *names, uint64_t stvec)
{
	pthread_mutex_lock(&names->lock);
	if (names->found && stvec && stvec != names->stvec) {
		guest_names_move(&names->symbols, stvec);
		names->stvec = stvec;
	}
	pthread_mutex_unlock(&names->lock);
}

/* ---- looking them up ---- */

static bool lookup(const struct debug_names *names, uint64_t address, struct symbol_place *place)
{
	return names->found && symbols_lookup(&names->symbols, address, place) &&
	       place->offset < OFFSET_MOST;
}

/* ADDRESS as so much behind the symbol that NEAR is in. */
static void put(struct debug_names *names, uint64_t address, uint64_t near,
		char out[HART_SYMBOL_MAX])
{
	struct symbol_place place;

	out[0] = '\0';
	pthread_mutex_lock(&names->lock);
	if (lookup(names, near, &place))
		snprintf(out, HART_SYMBOL_MAX, "%.70s+0x%" PRIx64, place.name,
			 address - place.start);
	pthread_mutex_unlock(&names->lock);
}

void debug_names_put(struct debug_names *names, uint64_t address, char out[HART_SYMBOL_MAX])
{
	put(names, address, address, out);
}

void debug_names_put_return(struct debug_names *names, uint64_t address, char out[HART_SYMBOL_MAX])
{
	put(names, address, address - 1, out);
}

bool debug_names_is_code(struct debug_names *names, uint64_t address)
{
	struct symbol_place place;
	bool is_code;

	pthread_mutex_lock(&names->lock);
	is_code = lookup(names, address, &place);
	pthread_mutex_unlock(&names->lock);
	return is_code;
}

bool debug_names_address(struct debug_names *names, const char *name, uint64_t *address)
{
	bool found;

	pthread_mutex_lock(&names->lock);
	found = names->found && symbols_find(&names->symbols, name, address);
	pthread_mutex_unlock(&names->lock);
	return found;
}

bool debug_names_write(struct debug_names *names, FILE *to)
{
	bool written;

	pthread_mutex_lock(&names->lock);
	written = names->found && symbol_file_write(to, &names->symbols);
	pthread_mutex_unlock(&names->lock);
	return written;
}

/* ---- as users write them ---- */

/* All of TEXT, decimal or with 0x in front. */
static bool read_number(const char *text, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	char *end;

	/* strtoull() takes blanks, signs and a second 0x. */
	if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits) ||
	    !*digits)
		return false;
	errno = 0;
	*value = strtoull(digits, &end, hex ? 16 : 10);
	return errno == 0;
}

/* A name may have a sign in it (C++): the last one counts, and only if a number follows. */
bool debug_names_read(struct debug_names *names, const char *text, uint64_t *address)
{
	const char *plus = strrchr(text, '+'), *minus = strrchr(text, '-');
	const char *sign = !plus || (minus && minus > plus) ? minus : plus;
	char name[SYMBOL_NAME_MAX];
	uint64_t offset;

	if (read_number(text, address) || debug_names_address(names, text, address))
		return true;
	if (!sign || (size_t)(sign - text) >= sizeof(name) || !read_number(sign + 1, &offset))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(sign - text), text);
	if (!debug_names_address(names, name, address))
		return false;
	*address += *sign == '+' ? offset : -offset;
	return true;
}

void debug_names_suggest(struct debug_names *names, const char *text, char out[HART_SYMBOL_MAX])
{
	struct suggestion suggestion = {.word = text};

	out[0] = '\0';
	pthread_mutex_lock(&names->lock);
	for (size_t i = 0; names->found && i < names->symbols.count; i++)
		suggest_offer(&suggestion, names->symbols.names + names->symbols.table[i].name);
	if (suggestion.best)
		snprintf(out, HART_SYMBOL_MAX, "%s", suggestion.best);
	pthread_mutex_unlock(&names->lock);
}
