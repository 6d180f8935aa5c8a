/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/symbols/made_linux.h"

#include <stdio.h>
#include <string.h>

#include <linux/btf.h>

/* ---- types ---- */

struct btf_maker {
	uint8_t types[MADE_BTF_MOST / 2];
	char strings[MADE_BTF_MOST / 4];
	uint32_t types_len, strings_len;
};

static uint32_t add_string(struct btf_maker *maker, const char *text)
{
	uint32_t at = maker->strings_len;

	if (!*text)
		return 0;
	memcpy(maker->strings + at, text, strlen(text) + 1);
	maker->strings_len += (uint32_t)strlen(text) + 1;
	return at;
}

static void add_words(struct btf_maker *maker, const uint32_t *words, size_t count)
{
	memcpy(maker->types + maker->types_len, words, count * sizeof(*words));
	maker->types_len += (uint32_t)(count * sizeof(*words));
}

static void add_type(struct btf_maker *maker, const char *name, uint32_t kind, uint32_t vlen,
		     uint32_t size_or_type)
{
	const uint32_t words[] = {add_string(maker, name), kind << 24 | vlen, size_or_type};

	add_words(maker, words, 3);
}

static void add_member(struct btf_maker *maker, const char *name, uint32_t type, uint32_t offset)
{
	const uint32_t words[] = {add_string(maker, name), type, offset * 8};

	add_words(maker, words, 3);
}

size_t make_btf(uint8_t out[MADE_BTF_MOST])
{
	static const uint32_t int_encoding = 32;
	struct btf_maker maker = {.strings_len = 1};
	struct btf_header header = {
		.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(header)};

	add_type(&maker, "int", BTF_KIND_INT, 0, 4); /* 1 */
	add_words(&maker, &int_encoding, 1);
	add_type(&maker, "thread_info", BTF_KIND_STRUCT, 1, 16); /* 2 */
	add_member(&maker, "cpu", 1, 8);
	add_type(&maker, "", BTF_KIND_CONST, 0, 2);		  /* 3 */
	add_type(&maker, "info_t", BTF_KIND_TYPEDEF, 0, 3);	  /* 4 */
	add_type(&maker, "", BTF_KIND_PTR, 0, 6);		  /* 5 */
	add_type(&maker, "task_struct", BTF_KIND_STRUCT, 6, 128); /* 6 */
	add_member(&maker, "thread_info", 4, 16);
	add_member(&maker, "pid", 1, MADE_TASK_PID);
	add_member(&maker, "tgid", 1, MADE_TASK_TGID);
	add_member(&maker, "group_leader", 5, MADE_TASK_LEADER);
	add_member(&maker, "mm", 5, MADE_TASK_MM);
	add_member(&maker, "comm", 1, MADE_TASK_COMM);
	add_type(&maker, "", BTF_KIND_UNION, 2, 8); /* 7 */
	add_member(&maker, "donor", 5, 0);
	add_member(&maker, "curr", 5, 0);
	/* Another one of that name, which has no such member, comes first. */
	add_type(&maker, "rq", BTF_KIND_STRUCT, 1, 8); /* 8 */
	add_member(&maker, "queue", 5, 0);
	add_type(&maker, "rq", BTF_KIND_STRUCT, 2, 64); /* 9 */
	add_member(&maker, "lock", 1, 0);
	add_member(&maker, "", 7, MADE_RQ_CURR);
	add_type(&maker, "kernel_mapping", BTF_KIND_STRUCT, 3, 24); /* 10 */
	add_member(&maker, "virt_addr", 1, 0);
	add_member(&maker, "phys_addr", 1, 8);
	add_member(&maker, "va_pa_offset", 1, 16);
	add_type(&maker, "module_memory", BTF_KIND_STRUCT, 2, 16); /* 11 */
	add_member(&maker, "base", 5, 0);
	add_member(&maker, "size", 1, 12);
	add_type(&maker, "module", BTF_KIND_STRUCT, 5, 256); /* 12 */
	add_member(&maker, "state", 1, 0);
	add_member(&maker, "list", 2, 8);
	add_member(&maker, "name", 1, 24);
	add_member(&maker, "mem", 11, 128);
	add_member(&maker, "kallsyms", 5, 160);
	add_type(&maker, "mod_kallsyms", BTF_KIND_STRUCT, 4, 32); /* 13 */
	add_member(&maker, "symtab", 5, 0);
	add_member(&maker, "num_symtab", 1, 8);
	add_member(&maker, "strtab", 5, 16);
	add_member(&maker, "typetab", 5, 24);
	add_type(&maker, "mm_struct", BTF_KIND_STRUCT, 1, 64); /* 14 */
	add_member(&maker, "pgd", 5, MADE_MM_PGD);
	header.type_len = header.str_off = maker.types_len;
	header.str_len = maker.strings_len;
	memcpy(out, &header, sizeof(header));
	memcpy(out + sizeof(header), maker.types, maker.types_len);
	memcpy(out + sizeof(header) + maker.types_len, maker.strings, maker.strings_len);
	return sizeof(header) + maker.types_len + maker.strings_len;
}

/* ---- a kernel ---- */

/* Offsets in its Image. */
static const struct {
	const char *name;
	uint32_t at;
} variables[] = {
	{"_start", 0},
	{"nr_cpu_ids", 4096},
	{"__per_cpu_offset", 4096 + 64},
	{"__cpuid_to_hartid_map", 4096 + 128},
	{"kernel_map", 4096 + 192},
	{"satp_mode", 4096 + 256},
	{"modules", 4096 + 320},
	{"runqueues", 8192},
	{"__start_BTF", 16384},
	{"__stop_BTF", 0}, /* where they end */
	{"init_task", 32768},
	{"swapper_pg_dir", 40960},
};

/* What is for each CPU lies behind the Image, so far apart. */
enum { PER_CPU = 128 * 1024, PER_CPU_SIZE = 4096 };

#define LINEAR 0xffffffd600000000ull /* of the memory's beginning */

static void put(uint8_t *at, uint64_t word)
{
	memcpy(at, &word, sizeof(word));
}

uint8_t *made_variable(struct made_linux *made, const char *name)
{
	uint64_t address = 0;

	symbols_find(&made->symbols, name, &address);
	return made->ram + MADE_IMAGE_AT + (address - MADE_LINK);
}

static void name_variables(struct made_linux *made, size_t btf_len)
{
	char message[IMAGE_MESSAGE_MAX];

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		uint64_t at = variables[i].at;

		if (!strcmp(variables[i].name, "__stop_BTF"))
			at = 16384 + btf_len;
		symbols_add(&made->symbols, MADE_LINK + at, 0, 'T', variables[i].name,
			    strlen(variables[i].name), "", 0);
	}
	symbols_finish(&made->symbols, message);
}

uint64_t make_task(struct made_linux *made, size_t offset, uint32_t cpu, uint32_t pid,
		   uint32_t tgid, const char *comm)
{
	uint8_t *task = made->ram + offset;

	memcpy(task + MADE_CPU, &cpu, sizeof(cpu));
	memcpy(task + MADE_TASK_PID, &pid, sizeof(pid));
	memcpy(task + MADE_TASK_TGID, &tgid, sizeof(tgid));
	memset(task + MADE_TASK_COMM, 0, 16);
	memcpy(task + MADE_TASK_COMM, comm, strnlen(comm, 16));
	return LINEAR + offset;
}

void run_task(struct made_linux *made, uint32_t cpu, uint64_t task)
{
	put(made->ram + PER_CPU + (size_t)cpu * PER_CPU_SIZE + MADE_RQ_CURR, task);
}

static void make_variables(struct made_linux *made)
{
	static const uint64_t hartids[MADE_HARTS] = {0, 5};
	const uint32_t count = MADE_HARTS;
	/* Addresses for each CPU are in the linear mapping. */
	uint64_t first = LINEAR + PER_CPU - (MADE_LINK + made->moved + 8192);
	uint8_t *map = made_variable(made, "kernel_map");

	memcpy(made_variable(made, "nr_cpu_ids"), &count, sizeof(count));
	memcpy(made_variable(made, "__cpuid_to_hartid_map"), hartids, sizeof(hartids));
	for (uint32_t cpu = 0; cpu < MADE_HARTS; cpu++)
		put(made_variable(made, "__per_cpu_offset") + (size_t)8 * cpu,
		    first + (uint64_t)cpu * PER_CPU_SIZE);
	put(made_variable(made, "satp_mode"), 9ull << 60);
	put(made_variable(made, "modules"), MADE_LINK + made->moved + 4096 + 320);
	put(map, MADE_LINK + made->moved);
	put(map + 8, MADE_START + MADE_IMAGE_AT);
	put(map + 16, LINEAR - MADE_START);
}

void make_linux(struct made_linux *made, uint64_t moved)
{
	static const size_t task_at = 200 * 1024, leader_at = 204 * 1024;
	uint64_t task, leader;
	size_t btf_len;

	memset(made, 0, sizeof(*made));
	made->moved = moved;
	btf_len = make_btf(made->ram + MADE_IMAGE_AT + 16384);
	name_variables(made, btf_len);
	make_variables(made);
	made->place = (struct image_place){.address = (uintptr_t)made->ram + MADE_IMAGE_AT,
					   .size = MADE_LINUX_SIZE,
					   .start = (uintptr_t)made->ram,
					   .end = (uintptr_t)made->ram + MADE_RAM};
	make_task(made, MADE_IMAGE_AT + 32768, 0, 0, 0, "swapper/0");
	run_task(made, 0, MADE_LINK + moved + 32768);
	task = make_task(made, task_at, 1, 77, 70, "worker");
	leader = make_task(made, leader_at, 0, 70, 70, "server");
	put(made->ram + task_at + MADE_TASK_LEADER, leader);
	put(made->ram + task_at + MADE_TASK_MM, LINEAR + MADE_MM_AT);
	put(made->ram + MADE_MM_AT + MADE_MM_PGD, LINEAR + MADE_PGD_AT);
	run_task(made, 1, task);
}

void free_linux(struct made_linux *made)
{
	symbols_free(&made->symbols);
}

bool made_read(void *opaque, uint64_t address, void *out, size_t size)
{
	const struct made_linux *made = opaque;
	uint64_t offset = address - (uintptr_t)made->ram;

	if (offset > sizeof(made->ram) || size > sizeof(made->ram) - offset)
		return false;
	memcpy(out, made->ram + offset, size);
	return true;
}
