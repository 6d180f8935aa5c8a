/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/guest_tasks.h"

#include <errno.h>

#include "base/clock.h"
#include "trace/guest/process_memory.h"

/* A search takes so long at most, ns. */
#define PATIENCE 10000000000ull
/* And so much of what says that it is a kernel is looked at. */
#define BYTES_MOST ((uint64_t)IMAGE_SEARCH_IMAGES * IMAGE_SEARCH_LARGEST)

struct answer {
	enum task_search_end end;
	struct task_kernel kernel;
};

/* ---- in the helper ---- */

struct request {
	struct process_memory memory;
	const struct symbols *symbols;
	struct answer answer;
};

static bool read_memory(void *opaque, uint64_t address, void *out, size_t size)
{
	return process_memory_read(&((const struct request *)opaque)->memory, address, out, size);
}

/* False: it is the one that runs. */
static bool look_at(void *opaque, const struct image_place *place)
{
	struct request *request = opaque;
	const struct task_search search = {
		.symbols = request->symbols, .read = read_memory, .opaque = request};
	enum task_search_end end = task_search(&search, place, &request->answer.kernel);

	if (end == TASKS_FOUND || end > request->answer.end)
		request->answer.end = end;
	return end != TASKS_FOUND;
}

static void search(void *opaque, int out)
{
	struct request *request = opaque;
	struct image_search images = {
		.read = read_memory,
		.found = look_at,
		.opaque = request,
		.page = request->memory.page,
		.images = IMAGE_SEARCH_IMAGES,
		.places = IMAGE_SEARCH_PLACES,
		.bytes = BYTES_MOST,
	};

	image_search_process(&images, request->memory.maps);
	helper_write(out, &request->answer, sizeof(request->answer));
}

/* ---- in this process ---- */

void guest_tasks_begin(struct guest_tasks *tasks, pid_t pid, const struct symbols *symbols)
{
	struct request request = {.symbols = symbols, .answer = {.end = TASKS_NO_KERNEL}};
	bool open;

	tasks->end = TASKS_NO_NAMES;
	if (!task_search_has_names(symbols))
		return;
	tasks->end = TASKS_NO_MEMORY;
	open = process_memory_open(pid, &request.memory);
	tasks->running = open && helper_start(&tasks->helper, search, &request, PATIENCE);
	process_memory_close(&request.memory);
}

bool guest_tasks_ended(struct guest_tasks *tasks, uint64_t patience, enum task_search_end *end,
		       struct task_kernel *kernel)
{
	struct answer answer = {.end = tasks->end};

	if (tasks->running) {
		if (!helper_await(&tasks->helper, patience) && clock_now() < tasks->helper.deadline)
			return false;
		if (!helper_read(&tasks->helper, &answer, sizeof(answer)))
			answer.end = errno == ETIMEDOUT ? TASKS_TOO_LONG : TASKS_NO_KERNEL;
		guest_tasks_stop(tasks);
	}
	*end = answer.end;
	if (answer.end == TASKS_FOUND)
		*kernel = answer.kernel;
	return true;
}

void guest_tasks_stop(struct guest_tasks *tasks)
{
	if (tasks->running)
		helper_end(&tasks->helper);
	tasks->running = false;
}
