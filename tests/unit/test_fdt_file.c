/* SPDX-License-Identifier: Apache-2.0 */
/* Devicetrees of the user's. The overlays are what dtc -@ makes of the sources beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/fdt_file.h"

static uint8_t blob[1 << 18];
static uint8_t bytes[FDT_OVERLAY_MAX];
static struct blob file = {bytes, 0};

static struct board sample(void)
{
	static const char *const extensions[] = {"i", "m", "a"};

	return (struct board){
		.ram_size = 512ull << 20,
		.bootargs = "quiet",
		.initrd = 0x90000000,
		.initrd_size = 0x1000,
		.seed = {1, 2, 3, 4, 5, 6, 7, 8},
		.harts = 2,
		.timebase = 10000000,
		.isa = "rv64ima",
		.isa_extensions = extensions,
		.isa_extension_count = 3,
		.mmu_type = "riscv,sv39",
		.uart = true,
		.pci = true,
	};
}

static void build(const struct board *board)
{
	assert_true(fdt_build(board, blob, sizeof(blob)) > 0);
}

static const void *property(const char *path, const char *name, int len)
{
	int found = -1;
	const int node = fdt_path_offset(blob, path);
	const void *value = node < 0 ? NULL : fdt_getprop(blob, node, name, &found);

	if (value && len >= 0)
		assert_int_equal(found, len);
	return value;
}

static void assert_string(const char *path, const char *name, const char *expected)
{
	const char *value = property(path, name, (int)strlen(expected) + 1);

	assert_non_null(value);
	assert_string_equal(value, expected);
}

static uint64_t number(const char *path, const char *name)
{
	const fdt64_t *value = property(path, name, 8);

	assert_non_null(value);
	return fdt64_ld(value);
}

/* ---- overlays ---- */

static void begin_file(void)
{
	assert_int_equal(fdt_create(bytes, sizeof(bytes)), 0);
	assert_int_equal(fdt_finish_reservemap(bytes), 0);
	assert_int_equal(fdt_begin_node(bytes, ""), 0);
}

static void end_file(void)
{
	assert_int_equal(fdt_end_node(bytes), 0);
	assert_int_equal(fdt_finish(bytes), 0);
	file.len = fdt_totalsize(bytes);
}

/* &{/} { marker = "here"; added { }; }; */
static void overlay_of_the_root(void)
{
	begin_file();
	fdt_begin_node(bytes, "fragment@0");
	fdt_property_string(bytes, "target-path", "/");
	fdt_begin_node(bytes, "__overlay__");
	fdt_property_string(bytes, "marker", "here");
	fdt_begin_node(bytes, "added");
	for (int i = 0; i < 3; i++)
		fdt_end_node(bytes);
	end_file();
}

/* &LABEL { status = "disabled"; }; */
static void overlay_of_label(const char *label)
{
	begin_file();
	fdt_begin_node(bytes, "fragment@0");
	fdt_property_u32(bytes, "target", 0xffffffff);
	fdt_begin_node(bytes, "__overlay__");
	fdt_property_string(bytes, "status", "disabled");
	for (int i = 0; i < 2; i++)
		fdt_end_node(bytes);
	fdt_begin_node(bytes, "__fixups__");
	fdt_property_string(bytes, label, "/fragment@0:target:0");
	fdt_end_node(bytes);
	end_file();
}

static void an_overlay_changes_the_tree(void **state)
{
	const struct board board = sample();

	(void)state;
	build(&board);
	overlay_of_the_root();
	const int len = fdt_overlay(&file, blob, sizeof(blob));
	assert_int_equal(len, fdt_totalsize(blob));
	assert_int_equal(fdt_check_full(blob, (size_t)len), 0);
	assert_string("/", "marker", "here");
	assert_true(fdt_path_offset(blob, "/added") > 0);
	assert_string("/chosen", "bootargs", "quiet");
	/* And a second one that one. */
	overlay_of_label("rtc");
	assert_true(fdt_overlay(&file, blob, sizeof(blob)) > 0);
	assert_string("/", "marker", "here");
	assert_string("/soc/rtc@101000", "status", "disabled");
	/* There is room for firmware, which belongs to the blob. */
	const uint32_t total = fdt_totalsize(blob);
	assert_int_equal(fdt_pack(blob), 0);
	assert_int_equal(total - fdt_totalsize(blob), FDT_ROOM);
}

static void nodes_of_the_board_have_labels(void **state)
{
	static const struct {
		bool aia;
		const char *label, *path;
	} nodes[] = {
		{false, "soc", "/soc"},
		{false, "serial0", "/soc/serial@10000000"},
		{false, "plic", "/soc/interrupt-controller@c000000"},
		{true, "aplic", "/soc/interrupt-controller@d000000"},
		{true, "imsics", "/soc/interrupt-controller@28000000"},
		{true, "pci", "/soc/pci@30000000"},
	};
	struct board board = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		board.aia = nodes[i].aia;
		build(&board);
		overlay_of_label(nodes[i].label);
		assert_true(fdt_overlay(&file, blob, sizeof(blob)) > 0);
		assert_string(nodes[i].path, "status", "disabled");
	}
}

static void assert_refused(int result, const char *words)
{
	char text[FDT_FILE_WORDS];

	assert_true(result < 0);
	if (!strstr(fdt_file_error(result, text), words))
		fail_msg("no \"%s\" in \"%s\"", words, fdt_file_error(result, text));
}

static void what_is_no_overlay_is_refused(void **state)
{
	const struct board board = sample();

	(void)state;
	build(&board);
	overlay_of_label("nobody");
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "labels are soc, serial0, rtc");
	build(&board);
	begin_file();
	fdt_property_string(bytes, "marker", "here");
	end_file();
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no overlay");
	overlay_of_the_root();
	bytes[0]++;
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no compiled devicetree");
	overlay_of_the_root();
	for (file.len--; file.len > 3; file.len -= 1 + file.len / 5)
		assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is cut short");
	file.len = 3;
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no compiled devicetree");
	file.len = 0;
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no compiled devicetree");
}

/* &{/} { other = <OFFSET's phandle>; }; with where the phandle is said to be. */
static void overlay_with_local_fixup(const char *fixups, uint32_t offset)
{
	begin_file();
	fdt_begin_node(bytes, "fragment@0");
	fdt_property_string(bytes, "target-path", "/");
	fdt_begin_node(bytes, "__overlay__");
	fdt_property_u64(bytes, "other", 1);
	for (int i = 0; i < 2; i++)
		fdt_end_node(bytes);
	fdt_begin_node(bytes, fixups);
	fdt_begin_node(bytes, "fragment@0");
	fdt_begin_node(bytes, "__overlay__");
	fdt_property_u32(bytes, "other", offset);
	for (int i = 0; i < 3; i++)
		fdt_end_node(bytes);
	end_file();
}

/* libfdt would read there. */
static void a_phandle_beyond_its_property_is_refused(void **state)
{
	static const uint32_t wrong[] = {5, 8, 0x7fffffff, UINT32_MAX};
	const struct board board = sample();

	(void)state;
	build(&board);
	overlay_with_local_fixup("__local_fixups__", 4);
	assert_true(fdt_overlay(&file, blob, sizeof(blob)) > 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		build(&board);
		overlay_with_local_fixup("__local_fixups__", wrong[i]);
		assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no overlay");
		/* libfdt finds that one by the same name. */
		build(&board);
		overlay_with_local_fixup("__local_fixups__@1", wrong[i]);
		assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no overlay");
	}
}

/* libfdt would go down with it. */
static void a_deep_overlay_is_refused(void **state)
{
	const struct board board = sample();
	const int levels = 3000;

	(void)state;
	build(&board);
	begin_file();
	fdt_begin_node(bytes, "fragment@0");
	fdt_property_string(bytes, "target-path", "/");
	fdt_begin_node(bytes, "__overlay__");
	for (int i = 0; i < levels; i++)
		assert_int_equal(fdt_begin_node(bytes, "n"), 0);
	for (int i = 0; i < levels + 2; i++)
		assert_int_equal(fdt_end_node(bytes), 0);
	end_file();
	assert_refused(fdt_overlay(&file, blob, sizeof(blob)), "is no overlay");
}

static void a_blob_too_small_is_an_error_and_not_overrun(void **state)
{
	const struct board board = sample();

	(void)state;
	build(&board);
	const size_t len = fdt_totalsize(blob);
	for (size_t size = 0; size < len + 1024; size += 1 + size / 9) {
		uint8_t *small = malloc(size + 1); /* the sanitizer watches its end */
		assert_non_null(small);
		small[size] = '#';
		overlay_of_the_root();
		/* The tree is in it as far as it fits: as it would be after fdt_build(). */
		if (size >= len) {
			memcpy(small, blob, len);
			assert_true(fdt_overlay(&file, small, size) < 0 || size > len);
		}
		struct blob whole = {blob, len};
		assert_true(size >= len || fdt_from_file(&whole, &board, small, size) < 0);
		assert_int_equal(small[size], '#');
		free(small);
	}
}

/* ---- a tree of the user's ---- */

static void a_tree_of_the_users_gets_this_boots_words(void **state)
{
	static uint8_t theirs[sizeof(blob)];
	struct board board = sample();

	(void)state;
	build(&board);
	memcpy(theirs, blob, sizeof(blob));
	const struct blob given = {theirs, fdt_totalsize(theirs)};
	board.bootargs = "console=hvc0 debug";
	board.initrd = 0x91000000;
	board.initrd_size = 0x2000;
	board.seed[0] = 99;
	board.seed[7] = 77;
	board.harts = 1; /* what the tree says of all else counts */
	memset(blob, 0, sizeof(blob));
	const int len = fdt_from_file(&given, &board, blob, sizeof(blob));
	assert_int_equal(len, fdt_totalsize(blob));
	assert_int_equal(fdt_check_full(blob, (size_t)len), 0);
	assert_string("/chosen", "bootargs", "console=hvc0 debug");
	assert_true(number("/chosen", "linux,initrd-start") == 0x91000000);
	assert_true(number("/chosen", "linux,initrd-end") == 0x91002000);
	assert_true(number("/chosen", "kaslr-seed") == 77);
	assert_memory_equal(property("/chosen", "rng-seed", 56), board.seed, 56);
	assert_true(fdt_path_offset(blob, "/cpus/cpu@1") > 0);

	/* Words that nobody gave leave the tree's; an initrd that there is not, is not. */
	board.bootargs = "";
	board.initrd_size = 0;
	assert_true(fdt_from_file(&given, &board, blob, sizeof(blob)) > 0);
	assert_string("/chosen", "bootargs", "quiet");
	assert_null(property("/chosen", "linux,initrd-start", -1));
	assert_null(property("/chosen", "linux,initrd-end", -1));
}

static void a_tree_without_a_chosen_gets_one(void **state)
{
	const struct board board = sample();

	(void)state;
	begin_file();
	end_file();
	assert_true(fdt_from_file(&file, &board, blob, sizeof(blob)) > 0);
	assert_string("/chosen", "bootargs", "quiet");
	bytes[3] ^= 1;
	assert_refused(fdt_from_file(&file, &board, blob, sizeof(blob)),
		       "is no compiled devicetree");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overlay_changes_the_tree),
		cmocka_unit_test(nodes_of_the_board_have_labels),
		cmocka_unit_test(what_is_no_overlay_is_refused),
		cmocka_unit_test(a_phandle_beyond_its_property_is_refused),
		cmocka_unit_test(a_deep_overlay_is_refused),
		cmocka_unit_test(a_blob_too_small_is_an_error_and_not_overrun),
		cmocka_unit_test(a_tree_of_the_users_gets_this_boots_words),
		cmocka_unit_test(a_tree_without_a_chosen_gets_one),
	};

	return cmocka_run_group_tests_name("fdt_file", tests, NULL, NULL);
}
