/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/fdt_file.h"

#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Nodes of the board by what overlays may call them. */
static const struct {
	const char *label, *compatible;
} labels[] = {
	{"soc", "simple-bus"},		{"serial0", "ns16550a"},
	{"rtc", "google,goldfish-rtc"}, {"watchdog", "allwinner,sun20i-d1-wdt"},
	{"plic", "riscv,plic0"},	{"aplic", "riscv,aplic"},
	{"imsics", "riscv,imsics"},	{"pci", "pci-host-ecam-generic"},
};

/* Longer than any path of the board's nodes. */
#define PATH_ROOM 64
#define PATH_MOST 1024 /* of an overlay's */

/* libfdt's functions for overlays call themselves for each level. */
#define DEPTH_MOST 32

static int room_for(size_t size)
{
	return size > INT32_MAX ? INT32_MAX : (int)size;
}

static int finish(void *blob, size_t size)
{
	const int result = fdt_pack(blob);

	return result < 0 ? result : fdt_leave_room(blob, size);
}

/* The node at PATH below the root, made if it is missing. */
static int node_below_root(void *blob, const char *name)
{
	const int at = fdt_subnode_offset(blob, 0, name);

	return at == -FDT_ERR_NOTFOUND ? fdt_add_subnode(blob, 0, name) : at;
}

static int set_initrd(void *blob, int chosen, const struct board *board)
{
	int result;

	if (!board->initrd_size) {
		fdt_delprop(blob, chosen, "linux,initrd-start");
		fdt_delprop(blob, chosen, "linux,initrd-end");
		return 0;
	}
	result = fdt_setprop_u64(blob, chosen, "linux,initrd-start", board->initrd);
	if (result < 0)
		return result;
	return fdt_setprop_u64(blob, chosen, "linux,initrd-end",
			       board->initrd + board->initrd_size);
}

static int set_seeds(void *blob, int chosen, const struct board *board)
{
	const size_t last = sizeof(board->seed) / sizeof(board->seed[0]) - 1;
	int result = fdt_setprop(blob, chosen, "rng-seed", board->seed,
				 (int)(last * sizeof(board->seed[0])));

	return result < 0 ? result : fdt_setprop_u64(blob, chosen, "kaslr-seed", board->seed[last]);
}

static int set_chosen(void *blob, const struct board *board)
{
	const int chosen = node_below_root(blob, "chosen");
	int result = chosen;

	if (result >= 0 && board->bootargs && *board->bootargs)
		result = fdt_setprop_string(blob, chosen, "bootargs", board->bootargs);
	if (result >= 0)
		result = set_initrd(blob, chosen, board);
	return result < 0 ? result : set_seeds(blob, chosen, board);
}

/* What is no devicetree at all is not told that it is cut short. */
static int check_tree(const struct blob *file)
{
	if (file->len < sizeof(fdt32_t) || fdt32_ld((const fdt32_t *)file->bytes) != FDT_MAGIC)
		return -FDT_ERR_BADMAGIC;
	return fdt_check_full(file->bytes, file->len);
}

int fdt_from_file(const struct blob *file, const struct board *board, void *blob, size_t size)
{
	int result = check_tree(file);

	if (result == 0)
		result = fdt_open_into(file->bytes, blob, room_for(size));
	if (result == 0)
		result = set_chosen(blob, board);
	return result < 0 ? result : finish(blob, size);
}

static int set_label(void *blob, const char *label, const char *compatible)
{
	char path[PATH_ROOM];
	uint32_t phandle;
	int node = fdt_node_offset_by_compatible(blob, -1, compatible), result;

	if (node < 0)
		return 0;
	result = fdt_get_path(blob, node, path, sizeof(path));
	/* By a phandle overlays refer to it. */
	if (result == 0 && !fdt_get_phandle(blob, node)) {
		result = fdt_generate_phandle(blob, &phandle);
		if (result == 0)
			result = fdt_setprop_u32(blob, node, "phandle", phandle);
	}
	if (result < 0)
		return result;
	return fdt_setprop_string(blob, fdt_path_offset(blob, "/__symbols__"), label, path);
}

static int set_labels(void *blob)
{
	int result;

	if (fdt_path_offset(blob, "/__symbols__") >= 0)
		return 0;
	result = fdt_add_subnode(blob, 0, "__symbols__");
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]) && result >= 0; i++)
		result = set_label(blob, labels[i].label, labels[i].compatible);
	return result;
}

/* libfdt takes a tree without any for an overlay that changes nothing. */
static bool has_fragment(const void *overlay)
{
	for (int node = fdt_first_subnode(overlay, 0); node >= 0;
	     node = fdt_next_subnode(overlay, node))
		if (fdt_subnode_offset(overlay, node, "__overlay__") >= 0)
			return true;
	return false;
}

/* A slash in a name would make another path of it. */
static bool is_flat(const void *overlay)
{
	int depth = 0;

	for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(overlay, node, &depth)) {
		const char *name = fdt_get_name(overlay, node, NULL);

		if (depth > DEPTH_MOST || !name || strchr(name, '/'))
			return false;
	}
	return true;
}

/* Whether the offsets in a PROPERTY of the fixups lie within NODE's of the same name. */
static bool offsets_fit(const void *overlay, int node, int property)
{
	const char *name;
	int count, len;
	const fdt32_t *offsets = fdt_getprop_by_offset(overlay, property, &name, &count);

	if (!offsets || node < 0 || !fdt_getprop(overlay, node, name, &len))
		return !offsets || node < 0 || len == -FDT_ERR_NOTFOUND; /* libfdt's to refuse */
	for (int i = 0; i < count / (int)sizeof(*offsets); i++)
		if (len < (int)sizeof(*offsets) ||
		    fdt32_ld(&offsets[i]) > (uint32_t)len - sizeof(*offsets))
			return false;
	return true;
}

/*
 * /__local_fixups__ repeats the overlay's nodes, and has for their properties where phandles are in
 * them. libfdt (overlay_update_local_node_references()) reads there without looking how long they
 * are.
 */
static bool local_fixups_fit(const void *overlay)
{
	const int root = fdt_path_offset(overlay, "/__local_fixups__");
	size_t skip = 0;
	int depth = 0;

	for (int at = root; at >= 0 && depth >= 0; at = fdt_next_node(overlay, at, &depth)) {
		char path[PATH_MOST] = "";

		if (fdt_get_path(overlay, at, path, sizeof(path)) < 0)
			return false;
		/* It is found, too, where its name has an address behind it. */
		if (at == root)
			skip = strlen(path);
		const int node = fdt_path_offset(overlay, path[skip] ? path + skip : "/");
		for (int property = fdt_first_property_offset(overlay, at); property >= 0;
		     property = fdt_next_property_offset(overlay, property))
			if (!offsets_fit(overlay, node, property))
				return false;
	}
	return true;
}

static int check_overlay(const struct blob *file)
{
	const int result = check_tree(file);

	if (result < 0)
		return result;
	return has_fragment(file->bytes) && is_flat(file->bytes) && local_fixups_fit(file->bytes)
		       ? 0
		       : -FDT_ERR_BADOVERLAY;
}

int fdt_overlay(const struct blob *file, void *blob, size_t size)
{
	int result = check_overlay(file);

	if (result == 0)
		result = fdt_open_into(blob, blob, room_for(size));
	if (result == 0)
		result = set_labels(blob);
	if (result >= 0)
		result = fdt_overlay_apply(blob, file->bytes);
	return result < 0 ? result : finish(blob, size);
}

static const char *missing_node(char words[FDT_FILE_WORDS])
{
	size_t len = (size_t)snprintf(words, FDT_FILE_WORDS,
				      "refers to a node that the devicetree does not have: "
				      "--dump-fdt shows it; labels are");

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]) && len < FDT_FILE_WORDS; i++)
		len += (size_t)snprintf(words + len, FDT_FILE_WORDS - len, "%s%s", i ? ", " : " ",
					labels[i].label);
	return words;
}

const char *fdt_file_error(int result, char words[FDT_FILE_WORDS])
{
	switch (-result) {
	case FDT_ERR_BADMAGIC: return "is no compiled devicetree: dtc -I dts -O dtb makes one";
	case FDT_ERR_TRUNCATED: return "is cut short";
	case FDT_ERR_NOSPACE: return "makes the devicetree too large";
	case FDT_ERR_NOTFOUND: return missing_node(words);
	case FDT_ERR_BADOVERLAY: return "is no overlay: dtc -@ makes one of a source with /plugin/";
	default:
		snprintf(words, FDT_FILE_WORDS, "cannot be taken: %s", fdt_strerror(result));
		return words;
	}
}
