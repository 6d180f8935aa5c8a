/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/task_search.h"

#include <stdlib.h>

#include "base/riscv.h"
#include "trace/guest/btf.h"

/* A kernel, and what is read of it. */
struct kernel {
	const struct task_search *search;
	const struct image_place *place;
	uint64_t start;	   /* what its names call its first byte */
	uint64_t virtual;  /* what it calls it, wherever it was moved */
	uint64_t physical; /* where that is */
	uint64_t linear;   /* of its linear mapping: virtual less physical */
	uint64_t curr;	   /* of rq */
};

const char *task_search_words(enum task_search_end end)
{
	static const char *const words[TASKS_ENDS] = {
		[TASKS_FOUND] = "",
		[TASKS_NO_KERNEL] = "no Linux with them was found in the guest's memory",
		[TASKS_TOO_LONG] = "the search in the guest's memory took too long",
		[TASKS_NO_MEMORY] = "the memory of the VM's process may not be read",
		[TASKS_NO_NAMES] = "the guest kernel's own variables have no names "
				   "(CONFIG_KALLSYMS_ALL, or --guestvmlinux)",
		[TASKS_NO_TYPES] = "the guest's kernel does not have its types "
				   "(CONFIG_DEBUG_INFO_BTF)",
	};

	return words[end];
}

/* ---- the kernel's memory ---- */

/* Where the variable NAME is in the process. False: it has no name, or lies elsewhere. */
static bool find(const struct kernel *kernel, const char *name, uint64_t *host)
{
	uint64_t address;

	if (!symbols_find(kernel->search->symbols, name, &address) ||
	    address - kernel->start >= kernel->place->size)
		return false;
	*host = kernel->place->address + (address - kernel->start);
	return true;
}

static bool read_word(const struct kernel *kernel, uint64_t host, uint64_t *word)
{
	return kernel->search->read(kernel->search->opaque, host, word, sizeof(*word));
}

/* ---- its types ---- */

/* OFFSETS of members, in the order of PATHS. */
enum {
	TASK_PID,
	TASK_TGID,
	TASK_COMM_AT,
	TASK_CPU,
	TASK_LEADER,
	TASK_MM,
	MM_PGD,
	RQ_CURR,
	MAP_VIRTUAL,
	MAP_PHYSICAL,
	MAP_LINEAR,
	OFFSETS
};
static const char *const paths[OFFSETS] = {
	[TASK_PID] = "task_struct.pid",
	[TASK_TGID] = "task_struct.tgid",
	[TASK_COMM_AT] = "task_struct.comm",
	[TASK_CPU] = "task_struct.thread_info.cpu",
	[TASK_LEADER] = "task_struct.group_leader",
	[TASK_MM] = "task_struct.mm",
	[MM_PGD] = "mm_struct.pgd",
	[RQ_CURR] = "rq.curr",
	[MAP_VIRTUAL] = "kernel_mapping.virt_addr",
	[MAP_PHYSICAL] = "kernel_mapping.phys_addr",
	[MAP_LINEAR] = "kernel_mapping.va_pa_offset",
};
/* No structure is larger. */
#define OFFSET_MOST 65536u

static bool read_offsets(struct btf_types *types, const char *const *names, size_t count,
			 uint64_t *offsets)
{
	for (size_t i = 0; i < count; i++)
		if (!btf_offset(types, names[i], &offsets[i]) || offsets[i] > OFFSET_MOST)
			return false;
	return true;
}

/* False: without those of OFFSETS nothing can be found. */
static bool read_types(const struct blob *btf, uint64_t offsets[OFFSETS], struct task_kernel *found)
{
	struct btf_types types;

	if (!btf_open(&types, btf) || !read_offsets(&types, paths, OFFSETS, offsets))
		return false;
	found->maps.known =
		read_offsets(&types, task_map_members, TASK_MAP_MEMBERS, found->maps.offsets);
	found->modules.known =
		read_offsets(&types, module_members, MODULE_MEMBERS, found->modules.offsets);
	return true;
}

static bool find_offsets(const struct kernel *kernel, uint64_t offsets[OFFSETS],
			 struct task_kernel *found)
{
	uint64_t start, end;
	struct blob btf;
	bool good;

	if (!find(kernel, "__start_BTF", &start) || !find(kernel, "__stop_BTF", &end) ||
	    start >= end || end - start > BTF_LARGEST)
		return false;
	btf = (struct blob){.bytes = malloc(end - start), .len = end - start};
	good = btf.bytes &&
	       kernel->search->read(kernel->search->opaque, start, btf.bytes, btf.len) &&
	       read_types(&btf, offsets, found);
	free(btf.bytes);
	return good;
}

/* ---- where things are ---- */

/* Where it says that it is, which a copy of it that does not run does not. */
static bool find_mapping(struct kernel *kernel, const uint64_t offsets[OFFSETS])
{
	uint64_t map;

	return find(kernel, "kernel_map", &map) &&
	       read_word(kernel, map + offsets[MAP_VIRTUAL], &kernel->virtual) &&
	       read_word(kernel, map + offsets[MAP_PHYSICAL], &kernel->physical) &&
	       read_word(kernel, map + offsets[MAP_LINEAR], &kernel->linear) &&
	       kernel->virtual >> 63 && kernel->virtual % 4096 == 0 &&
	       kernel->physical % 4096 == 0 && kernel->linear % 4096 == 0;
}

/* The whole mapping as the kernel's linear one has it, and the kernel itself. */
static void fill_windows(const struct kernel *kernel, struct task_places *places)
{
	const struct image_place *place = kernel->place;

	places->windows[0] = (struct task_window){
		.guest = kernel->physical - (place->address - place->start) + kernel->linear,
		.size = place->end - place->start,
		.host = place->start,
	};
	places->windows[1] = (struct task_window){
		.guest = kernel->virtual, .size = place->size, .host = place->address};
}

/* What NAME is at in the guest. False: it has no name, or lies elsewhere. */
static bool find_guest(const struct kernel *kernel, const char *name, uint64_t *address)
{
	uint64_t host;

	if (!find(kernel, name, &host))
		return false;
	*address = kernel->virtual + (host - kernel->place->address);
	return true;
}

/* That of its own tables and of its processes'; 0: not known, or there are none. */
static uint64_t satp_mode(const struct kernel *kernel)
{
	uint64_t mode_at, mode = 0;

	return find(kernel, "satp_mode", &mode_at) && read_word(kernel, mode_at, &mode) ? mode : 0;
}

static void fill_modules(const struct kernel *kernel, uint64_t mode, struct module_places *modules)
{
	uint64_t root;

	modules->known = modules->known && find_guest(kernel, "modules", &modules->head) &&
			 find_guest(kernel, "swapper_pg_dir", &root) && mode;
	if (!modules->known)
		return;
	modules->satp = mode | (root - kernel->virtual + kernel->physical) >> PAGE_SHIFT;
	modules->linear = kernel->linear;
	modules->kernel = kernel->virtual;
}

/* The pointer to what CPU's run queue has as its current task. */
static void fill_hart(const struct kernel *kernel, struct task_places *places, uint64_t hart,
		      uint64_t cpu, uint64_t offset)
{
	uint64_t runqueues;

	if (hart >= TASK_HARTS || !offset ||
	    !symbols_find(kernel->search->symbols, "runqueues", &runqueues))
		return;
	runqueues += kernel->virtual - kernel->start;
	places->harts[hart].cpu = cpu;
	places->harts[hart].current =
		task_host(places, runqueues + offset + kernel->curr, sizeof(uint64_t));
}

/* False: the kernel has no such tables yet. */
static bool fill_harts(const struct kernel *kernel, struct task_places *places)
{
	uint64_t offsets, ids, count_at, offset, hart;
	uint32_t count = 0;

	if (!find(kernel, "__per_cpu_offset", &offsets) ||
	    !find(kernel, "__cpuid_to_hartid_map", &ids) ||
	    !find(kernel, "nr_cpu_ids", &count_at) ||
	    !kernel->search->read(kernel->search->opaque, count_at, &count, sizeof(count)))
		return false;
	for (uint32_t cpu = 0; cpu < count && cpu < TASK_HARTS; cpu++)
		if (!read_word(kernel, offsets + cpu * sizeof(offset), &offset) ||
		    !read_word(kernel, ids + cpu * sizeof(hart), &hart))
			return false;
		else
			fill_hart(kernel, places, hart, cpu, offset);
	places->proof_at = offsets;
	return read_word(kernel, offsets, &places->proof) && places->proof;
}

bool task_search_has_names(const struct symbols *symbols)
{
	static const char *const names[] = {"_start",		"runqueues",
					    "__per_cpu_offset", "__cpuid_to_hartid_map",
					    "nr_cpu_ids",	"kernel_map"};
	uint64_t address;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!symbols_find(symbols, names[i], &address))
			return false;
	return true;
}

/* What it does last before it runs tasks, of all that is looked for. */
static bool has_begun(const struct kernel *kernel)
{
	uint64_t offsets, first;

	return find(kernel, "__per_cpu_offset", &offsets) && read_word(kernel, offsets, &first) &&
	       first;
}

enum task_search_end task_search(const struct task_search *search, const struct image_place *place,
				 struct task_kernel *found)
{
	struct task_places *places = &found->places;
	struct kernel kernel = {.search = search, .place = place};
	uint64_t offsets[OFFSETS];

	if (!task_search_has_names(search->symbols) ||
	    !symbols_find(search->symbols, "_start", &kernel.start))
		return TASKS_NO_NAMES;
	if (!has_begun(&kernel))
		return TASKS_NO_KERNEL;
	if (!find_offsets(&kernel, offsets, found))
		return TASKS_NO_TYPES;
	if (!find_mapping(&kernel, offsets))
		return TASKS_NO_KERNEL;
	kernel.curr = offsets[RQ_CURR];
	*places = (struct task_places){
		.pid = (uint32_t)offsets[TASK_PID],
		.tgid = (uint32_t)offsets[TASK_TGID],
		.comm = (uint32_t)offsets[TASK_COMM_AT],
		.cpu = (uint32_t)offsets[TASK_CPU],
		.group_leader = (uint32_t)offsets[TASK_LEADER],
		.mm = (uint32_t)offsets[TASK_MM],
		.pgd = (uint32_t)offsets[MM_PGD],
		.mode = satp_mode(&kernel),
		.linear = kernel.linear,
	};
	fill_windows(&kernel, places);
	fill_modules(&kernel, places->mode, &found->modules);
	if (!fill_harts(&kernel, places))
		return TASKS_NO_KERNEL;
	places->known = 1;
	return TASKS_FOUND;
}
