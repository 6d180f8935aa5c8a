/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_maps.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "trace/export/intern.h"

#define MAPS_LIMIT (16u << 20)

/* A look takes a few ms of this process, for which samples wait: at most one in so many ns, of one
 * process one in more. */
#define LOOK_NS	 (NS_PER_S / 20)
#define AGAIN_NS NS_PER_S
#define PATIENCE (NS_PER_S / 2)

struct space_key {
	struct record_space from;
	uint32_t process;
	char name[RECORDING_COMM]; /* another one is another program */
	uint32_t unused;
};

struct page_key {
	uint64_t space, page;
};

struct record_maps {
	struct budget budget;
	struct intern spaces, pages, written;
	uint64_t *looks; /* by a space's number: when one may look again */
	size_t looks_room;
	uint64_t next; /* the same for all */
};

/* What came out of a look is for these. */
struct look {
	struct record_maps *maps;
	uint32_t space;
	record_maps_write *write;
	void *opaque;
};

static bool take_mapping(void *opaque, const struct task_mapping *from)
{
	const struct look *look = opaque;
	uint32_t count = look->maps->written.count, number;
	struct recording_mapping mapping;

	/* With its padding: it is compared as bytes. */
	memset(&mapping, 0, sizeof(mapping));
	mapping.space = look->space;
	mapping.start = from->start;
	mapping.end = from->end;
	mapping.offset = from->offset;
	/* A guest's names may be no text, which would be longer where it is written than where it
	 * is read. */
	printable(mapping.file, sizeof(mapping.file), from->path);
	if (intern_add(&look->maps->written, &mapping, sizeof(mapping), &number) != 0)
		return false;
	if (number == count)
		look->write(look->opaque, &mapping);
	return true;
}

/* False: there is no room for more. */
static bool find_space(struct record_maps *maps, const struct record_space *from,
		       const struct recording_task *task, uint32_t *space)
{
	struct space_key key = {.from = *from, .process = task->process};
	void *memory = maps->looks;
	uint32_t count = maps->spaces.count;
	int error;

	memcpy(key.name, task->name, sizeof(key.name));
	if (count == RECORDING_SPACES_MAX)
		return false;
	error = budget_grow(&maps->budget, &memory, &maps->looks_room, count + 1ul,
			    sizeof(*maps->looks));
	maps->looks = memory;
	if (error || intern_add(&maps->spaces, &key, sizeof(key), space) != 0)
		return false;
	if (*space == count)
		maps->looks[count] = 0;
	return true;
}

uint32_t record_maps_space(struct record_maps *maps, const struct guest_maps *guest,
			   const struct record_space *from, const struct recording_task *task,
			   uint64_t pc, record_maps_write *write, void *opaque)
{
	struct look look = {.maps = maps, .write = write, .opaque = opaque};
	uint64_t now = clock_now();
	uint32_t space, page, pages;

	if (!find_space(maps, from, task, &space))
		return 0;
	look.space = space + 1;
	if (!guest || now < maps->next || now < maps->looks[space])
		return look.space;
	pages = maps->pages.count;
	if (intern_add(&maps->pages, &(struct page_key){space, pc >> 12}, sizeof(struct page_key),
		       &page) != 0 ||
	    page < pages)
		return look.space;
	guest_maps_list(guest, from->mm, PATIENCE, take_mapping, &look);
	now = clock_now();
	maps->next = now + LOOK_NS;
	maps->looks[space] = now + AGAIN_NS;
	return look.space;
}

struct record_maps *record_maps_new(void)
{
	struct record_maps *maps = calloc(1, sizeof(*maps));

	if (!maps)
		return NULL;
	maps->budget.left = MAPS_LIMIT;
	maps->spaces.budget = &maps->budget;
	maps->pages.budget = &maps->budget;
	maps->written.budget = &maps->budget;
	return maps;
}

void record_maps_free(struct record_maps *maps)
{
	if (!maps)
		return;
	intern_free(&maps->spaces);
	intern_free(&maps->pages);
	intern_free(&maps->written);
	free(maps->looks);
	free(maps);
}
