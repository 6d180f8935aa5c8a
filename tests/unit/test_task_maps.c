/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has mapped, in a kernel's memory that is made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "trace/guest/task_maps.h"

/* Every object takes 256 bytes, as maple nodes do; the guest's addresses are these. */
enum {
	OBJECT = 256,
	OBJECTS = 256,
	WORD = 8,
	SLOTS = 16,
	EXEC = 4,
	LEAF = 1,
	RANGE = 2,
	ARANGE = 3
};

static const uint64_t linear = 0xffffffd600000000;

static uint64_t memory[OBJECTS][OBJECT / WORD];
static unsigned int objects;

static const struct task_maps maps = {
	.offsets =
		{[MM_TREE] = 8,	      [VMA_START] = 0,	  [VMA_END] = 8,       [VMA_PGOFF] = 16,
		 [VMA_FLAGS] = 24,    [VMA_MM] = 32,	  [VMA_FILE] = 40,     [FILE_DENTRY] = 8,
		 [FILE_MOUNT] = 16,   [DENTRY_NAME] = 8,  [DENTRY_LENGTH] = 4, [DENTRY_PARENT] = 16,
		 [MOUNT_INSIDE] = 32, [MOUNT_ROOT] = 0,	  [MOUNT_PARENT] = 8,  [MOUNT_POINT] = 16,
		 [RANGE_PIVOT] = 8,   [RANGE_SLOT] = 128, [ARANGE_PIVOT] = 8,  [ARANGE_SLOT] = 80},
	.known = true,
};

static uint64_t make_object(void)
{
	assert_true(objects < OBJECTS);
	return linear + (uint64_t)objects++ * OBJECT;
}

static uint64_t *words_of(uint64_t object)
{
	return memory[(object - linear) / OBJECT];
}

static void put(uint64_t object, uint64_t offset, uint64_t value)
{
	memcpy((uint8_t *)words_of(object) + offset, &value, sizeof(value));
}

/* ---- files ---- */

static uint64_t root_mount, root;

static uint64_t make_dentry(const char *name, uint64_t parent)
{
	uint64_t dentry = make_object(), text = make_object();
	uint32_t length = (uint32_t)strlen(name);

	memcpy(words_of(text), name, length);
	memcpy((uint8_t *)words_of(dentry) + 4, &length, sizeof(length));
	put(dentry, 8, text);
	put(dentry, 16, parent ? parent : dentry);
	return dentry;
}

/* What struct file points to, inside struct mount. */
static uint64_t make_mount(uint64_t of, uint64_t parent, uint64_t point)
{
	uint64_t mount = make_object();

	put(mount, 32, of);
	put(mount, 8, parent ? parent - 32 : mount);
	put(mount, 16, point);
	return mount + 32;
}

static uint64_t make_file(uint64_t dentry, uint64_t mount)
{
	uint64_t file = make_object();

	put(file, 8, dentry);
	put(file, 16, mount);
	return file;
}

/* ---- mappings ---- */

static uint64_t make_vma(uint64_t mm, uint64_t start, uint64_t end, uint64_t flags, uint64_t file)
{
	uint64_t vma = make_object();

	put(vma, 0, start);
	put(vma, 8, end);
	put(vma, 16, 3);
	put(vma, 24, flags);
	put(vma, 32, mm);
	put(vma, 40, file);
	return vma;
}

static uint64_t make_node(unsigned int kind, uint64_t parent)
{
	uint64_t node = make_object();

	put(node, 0, parent & ~255ull);
	return node | kind << 3 | 4;
}

/* In a node whose pivots are up to COUNT, the last slot has none. */
static void put_slot(uint64_t node, unsigned int i, uint64_t slot, uint64_t pivot)
{
	bool gaps = (node >> 3 & 15) == ARANGE;

	put(node & ~255ull, (gaps ? 80 : 128) + WORD * i, slot);
	if (i < (gaps ? 9u : 15u))
		put(node & ~255ull, 8 + WORD * i, pivot);
}

static char listed[4096];
static unsigned int wanted_most;

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	uint64_t offset = address - (uintptr_t)memory;

	(void)opaque;
	if (offset > sizeof(memory) || size > sizeof(memory) - offset)
		return false;
	memcpy(out, (const uint8_t *)memory + offset, size);
	return true;
}

static bool take(void *opaque, const struct task_mapping *mapping)
{
	size_t used = strlen(listed);

	(void)opaque;
	snprintf(listed + used, sizeof(listed) - used, "%llx-%llx+%llx %s\n",
		 (unsigned long long)mapping->start, (unsigned long long)mapping->end,
		 (unsigned long long)mapping->offset, mapping->path);
	return --wanted_most > 0;
}

static const char *list(uint64_t mm)
{
	const struct task_places places = {
		.windows = {{.guest = linear, .size = sizeof(memory), .host = (uintptr_t)memory}}};
	const struct task_maps_reader reader = {
		.places = &places, .maps = &maps, .read = read_memory, .take = take};

	listed[0] = '\0';
	task_maps_list(&reader, mm);
	return listed;
}

static int set_up(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	objects = 1;
	wanted_most = UINT32_MAX;
	root = make_dentry("/", 0);
	root_mount = make_mount(root, 0, 0);
	return 0;
}

/* A leaf with two mappings of code, one of data, and one that has no file. */
static uint64_t make_process(void)
{
	uint64_t mm = make_object(), leaf = make_node(LEAF, 0);
	uint64_t bin = make_dentry("bin", root), shell = make_dentry("sh", bin);
	uint64_t file = make_file(shell, root_mount);

	put(mm, 8, leaf | 2);
	put_slot(leaf, 0, 0, 0xffff);
	put_slot(leaf, 1, make_vma(mm, 0x10000, 0x20000, EXEC, file), 0x1ffff);
	put_slot(leaf, 2, make_vma(mm, 0x20000, 0x30000, 0, file), 0x2ffff);
	put_slot(leaf, 3, make_vma(mm, 0x40000, 0x50000, EXEC, 0), 0x4ffff);
	put_slot(leaf, 4, 0, 0);
	return mm;
}

static void code_is_listed_with_its_files(void **state)
{
	(void)state;
	assert_string_equal(list(make_process()), "10000-20000+3000 /bin/sh\n40000-50000+0 \n");
}

static void paths_lead_through_mounts(void **state)
{
	uint64_t mm = make_object(), leaf = make_node(LEAF, 0), top = make_dentry("/", 0), usr,
		 file;

	(void)state;
	usr = make_mount(top, root_mount, make_dentry("usr", root));
	file = make_file(make_dentry("perl", top), usr);
	put(mm, 8, leaf | 2);
	put_slot(leaf, 0, make_vma(mm, 0x1000, 0x2000, EXEC, file), 0x1fff);
	assert_string_equal(list(mm), "1000-2000+3000 /usr/perl\n");
}

/* Inner nodes of both kinds, as deep as there are. */
static void trees_have_levels(void **state)
{
	uint64_t mm = make_object(), top = make_node(ARANGE, 0), middle = make_node(RANGE, top);
	uint64_t leaves[2] = {make_node(LEAF, middle), make_node(LEAF, middle)};

	(void)state;
	put(mm, 8, top | 2);
	put_slot(top, 0, middle, 0);
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t at = 0x1000 + 0x4000 * i;

		put_slot(middle, i, leaves[i], 0x4fff + 0x4000 * i);
		put_slot(leaves[i], 0, make_vma(mm, at, at + 0x1000, EXEC, 0), at + 0xfff);
		put_slot(leaves[i], 1, make_vma(mm, at + 0x2000, at + 0x3000, EXEC, 0), 0);
	}
	assert_string_equal(list(mm), "1000-2000+0 \n3000-4000+0 \n5000-6000+0 \n7000-8000+0 \n");
}

/* Freed and used again, or a lie: of another process, out of order, nowhere. */
static void what_does_not_fit_is_left_out(void **state)
{
	uint64_t mm = make_object(), other = make_object(), leaf = make_node(LEAF, 0);
	uint64_t lost = make_file(make_dentry("lost", 0), root_mount);

	(void)state;
	put(mm, 8, leaf | 2);
	put_slot(leaf, 0, make_vma(mm, 0x5000, 0x6000, EXEC, 0), 1);
	put_slot(leaf, 1, make_vma(other, 0x7000, 0x8000, EXEC, 0), 2);
	put_slot(leaf, 2, make_vma(mm, 0x1000, 0x2000, EXEC, 0), 3);
	put_slot(leaf, 3, make_vma(mm, 0x9000, 0x9000, EXEC, 0), 4);
	put_slot(leaf, 4, linear - 4096, 5);
	put_slot(leaf, 5, make_vma(mm, 0x9000, 0xa000, EXEC, lost), 6);
	put_slot(leaf, 6, make_vma(mm, 0xa000, 0xb000, EXEC, linear - 4096), 0);
	assert_string_equal(list(mm), "5000-6000+0 \n9000-a000+3000 \na000-b000+3000 \n");
}

static void trees_in_themselves_end(void **state)
{
	uint64_t mm = make_object(), node = make_node(RANGE, 0);

	(void)state;
	put(mm, 8, node | 2);
	put(node & ~255ull, 0, node);
	for (unsigned int i = 0; i < SLOTS; i++)
		put_slot(node, i, node, i + 1);
	assert_string_equal(list(mm), "");
	put(mm, 8, 0);
	assert_string_equal(list(mm), "");
	assert_string_equal(list(0), "");
}

/* A path of names that is longer than there is room for, or a circle. */
static void paths_that_are_too_long_are_none(void **state)
{
	uint64_t mm = make_object(), leaf = make_node(LEAF, 0), dentry = root;
	uint64_t circle = make_dentry("a", root);

	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		dentry = make_dentry("sixteen-letters-", dentry);
	put(circle, 16, circle + 0); /* its own parent, and no root */
	put(mm, 8, leaf | 2);
	put_slot(leaf, 0, make_vma(mm, 0x1000, 0x2000, EXEC, make_file(dentry, root_mount)), 1);
	put_slot(leaf, 1, make_vma(mm, 0x2000, 0x3000, EXEC, make_file(circle, root_mount)), 0);
	assert_string_equal(list(mm), "1000-2000+3000 \n2000-3000+3000 \n");
}

static void whoever_has_enough_gets_no_more(void **state)
{
	(void)state;
	wanted_most = 1;
	assert_string_equal(list(make_process()), "10000-20000+3000 /bin/sh\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		TEST(code_is_listed_with_its_files),
		TEST(paths_lead_through_mounts),
		TEST(trees_have_levels),
		TEST(what_does_not_fit_is_left_out),
		TEST(trees_in_themselves_end),
		TEST(paths_that_are_too_long_are_none),
		TEST(whoever_has_enough_gets_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
