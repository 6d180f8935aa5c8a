/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's kernel, in whose memory anything may stand where its tasks are looked for: the input
 * changes words of it, its types and its tables among them. Where something is found all the same,
 * no window leads out of the memory.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/symbols/made_linux.h"
#include "trace/guest/btf.h"
#include "trace/guest/task_search.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The input as BTF of its own. */
static void read_types(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"rq.curr", "task_struct.thread_info.cpu", "a.b"};
	struct blob btf = {.bytes = malloc(size ? size : 1), .len = size};
	struct btf_types types;
	uint64_t offset;

	require(btf.bytes != NULL);
	if (size)
		memcpy(btf.bytes, data, size);
	if (btf_open(&types, &btf)) {
		types.work = 1 << 16;
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			btf_offset(&types, paths[i], &offset);
	}
	free(btf.bytes);
}

/* Each six bytes: where in the Image, and what. */
static void change(struct made_linux *made, const uint8_t *data, size_t size)
{
	for (; size >= 6; data += 6, size -= 6) {
		uint16_t at;

		memcpy(&at, data, sizeof(at));
		if (at <= MADE_LINUX_SIZE - 4)
			memcpy(made->ram + MADE_IMAGE_AT + at, data + 2, 4);
	}
}

static void check_places(const struct made_linux *made, const struct task_places *places)
{
	for (size_t i = 0; i < TASK_WINDOWS; i++)
		require(places->windows[i].host - (uintptr_t)made->ram < MADE_RAM &&
			places->windows[i].size <=
				MADE_RAM - (places->windows[i].host - (uintptr_t)made->ram));
	for (size_t i = 0; i < TASK_HARTS; i++)
		require(!places->harts[i].current ||
			places->harts[i].current - (uintptr_t)made->ram <= MADE_RAM - 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct made_linux made;
	static struct task_kernel kernel;
	const struct task_search search = {
		.symbols = &made.symbols, .read = made_read, .opaque = &made};
	enum task_search_end end;

	read_types(data, size);
	make_linux(&made, 0);
	change(&made, data, size);
	end = task_search(&search, &made.place, &kernel);
	if (end == TASKS_FOUND)
		check_places(&made, &kernel.places);
	require(end < TASKS_ENDS);
	free_linux(&made);
	return 0;
}
