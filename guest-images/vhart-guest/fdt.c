/* SPDX-License-Identifier: Apache-2.0 */
/* Devicetree Specification 0.4, chapter 5. */
#include "vhart-guest/fdt.h"

#include <stdbool.h>

#include "vhart-guest/memory.h"

#define FDT_MAGIC 0xd00dfeedu
enum { FDT_BEGIN_NODE = 1, FDT_END_NODE, FDT_PROP, FDT_NOP, FDT_END = 9 };

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static const uint8_t *aligned(const uint8_t *at)
{
	return (const uint8_t *)(((uint64_t)at + 3) & ~3ull);
}

/* PROPERTY of the node NODE below the root, or NULL. */
static const uint8_t *find_property(const void *fdt, const char *node, const char *property)
{
	const uint8_t *blob = fdt;

	if (!blob || big_endian(blob) != FDT_MAGIC)
		return NULL;
	const uint8_t *at = blob + big_endian(blob + 8);
	const char *strings = (const char *)blob + big_endian(blob + 12);
	unsigned int depth = 0;
	bool inside = false;

	for (;;) {
		uint32_t token = big_endian(at);
		at += 4;
		switch (token) {
		case FDT_BEGIN_NODE:
			depth++;
			inside = depth == 2 && strcmp((const char *)at, node) == 0;
			at = aligned(at + strlen((const char *)at) + 1);
			break;
		case FDT_END_NODE:
			depth--;
			inside = false;
			break;
		case FDT_PROP:
			if (inside && strcmp(strings + big_endian(at + 4), property) == 0)
				return at + 8;
			at = aligned(at + 8 + big_endian(at));
			break;
		case FDT_NOP: break;
		default: return NULL;
		}
	}
}

const char *fdt_bootargs(const void *fdt)
{
	const uint8_t *text = find_property(fdt, "chosen", "bootargs");

	return text ? (const char *)text : "";
}

uint64_t fdt_timebase(const void *fdt)
{
	const uint8_t *cell = find_property(fdt, "cpus", "timebase-frequency");

	return cell ? big_endian(cell) : 0;
}

uint32_t fdt_cells(const void *fdt, const char *node, const char *property)
{
	const uint8_t *value = find_property(fdt, node, property);

	/* Before the value there are its length and its name. */
	return value ? big_endian(value - 8) / 4 : 0;
}

uint32_t fdt_cell(const void *fdt, const char *node, const char *property, uint32_t index)
{
	return big_endian(find_property(fdt, node, property) + 4 * index);
}

uint64_t bootarg(const char *args, const char *name, uint64_t otherwise)
{
	size_t len = strlen(name);
	uint64_t value = 0;

	while (*args) {
		if (strlen(args) > len && memcmp(args, name, len) == 0 && args[len] == '=') {
			for (args += len + 1; *args >= '0' && *args <= '9'; args++)
				value = value * 10 + (uint64_t)(*args - '0');
			return value;
		}
		while (*args && *args != ' ')
			args++;
		while (*args == ' ')
			args++;
	}
	return otherwise;
}
