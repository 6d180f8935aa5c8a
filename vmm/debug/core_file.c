/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/core_file.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#include "base/riscv.h"

/* EF_RISCV_FLOAT_ABI_DOUBLE (older than Linux's header of the same), which gdb asks of a core whose
 * program has it. Without EF_RISCV_RVC: in crash that bit of a core is "incomplete" (makedumpfile's
 * DUMP_ELF_INCOMPLETE). */
#define FLAGS_FLOAT_DOUBLE 4u

/* struct elf_prstatus of a 64-bit Linux: where pr_pid and pr_reg are. */
#define PRSTATUS_SIZE	   376u
#define PRSTATUS_PID	   32u
#define PRSTATUS_REGISTERS 112u

#define INFO_NAME "VMCOREINFO"
#define INFO_TEXT "OSRELEASE="
#define INFO_MOST 65536u

/* ---- what is mapped ---- */

#define TABLES_MOST   16384u
#define TABLE_ENTRIES 512u

struct walk {
	const struct guest_memory *memory;
	struct core_range *ranges;
	size_t count, room;
	unsigned int tables; /* left to read */
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Downwards: what comes ends where the last began, or it is a piece of its own. */
static void add_range(struct walk *walk, uint64_t virtual, uint64_t physical, uint64_t size)
{
	struct core_range *last = walk->count ? &walk->ranges[walk->count - 1] : NULL;
	uint64_t offset = physical - walk->memory->base;

	if (physical < walk->memory->base || offset >= walk->memory->size)
		return;
	size = least(size, walk->memory->size - offset);
	if (last && virtual + size == last->virtual && physical + size == last->physical) {
		last->virtual = virtual;
		last->physical = physical;
		last->size += size;
	} else if (walk->count < walk->room) {
		walk->ranges[walk->count++] = (struct core_range){virtual, physical, size};
	}
}

static uint64_t read_entry(const uint8_t *table, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, table + index * sizeof(entry), sizeof(entry));
	return le64toh(entry);
}

/* A page of 64 KiB has sixteen entries (Svnapot). */
static uint64_t page_number(uint64_t entry, unsigned int index)
{
	uint64_t number = entry >> PTE_PPN_SHIFT & SATP_PPN;
	const uint64_t low = (1u << (NAPOT_SHIFT - PAGE_SHIFT)) - 1;

	return entry & PTE_N ? (number & ~low) | (index & low) : number;
}

/* TABLE's entries are for pages of 2 to the power of SHIFT, from VIRTUAL on. */
static void walk_table(struct walk *walk, uint64_t table, unsigned int shift, uint64_t virtual)
{
	const uint8_t *host =
		guest_memory_at(walk->memory, table, TABLE_ENTRIES * sizeof(uint64_t));

	if (!host || !walk->tables)
		return;
	walk->tables--;
	for (unsigned int index = TABLE_ENTRIES; index-- > 0 && walk->tables;) {
		uint64_t entry = read_entry(host, index);
		uint64_t physical = page_number(entry, index) << PAGE_SHIFT;
		uint64_t at = virtual + ((uint64_t)index << shift);

		if (!(entry & PTE_V))
			continue;
		if (!(entry & (PTE_R | PTE_W | PTE_X))) {
			if (shift > PAGE_SHIFT)
				walk_table(walk, physical, shift - 9, at);
		} else if (!(entry & PTE_U) && !(physical & ((1ull << shift) - 1))) {
			add_range(walk, at, physical, 1ull << shift);
		}
	}
}

/* The upper half of a space has the bits above set. */
static uint64_t sign_extended(uint64_t address, unsigned int bits)
{
	return (uint64_t)((int64_t)(address << (64 - bits)) >> (64 - bits));
}

size_t core_find_ranges(const struct guest_memory *memory, uint64_t satp, struct core_range *ranges,
			size_t room)
{
	struct walk walk = {
		.memory = memory, .ranges = ranges, .room = room, .tables = TABLES_MOST};
	uint64_t mode = satp >> SATP_MODE_SHIFT;
	unsigned int bits = 39 + 9 * (unsigned int)(mode - SATP_MODE_SV39);

	if (mode < SATP_MODE_SV39 || mode > SATP_MODE_SV57)
		return 0;
	walk_table(&walk, (satp & SATP_PPN) << PAGE_SHIFT, bits - 9, 0);
	for (size_t i = 0; i < walk.count; i++)
		ranges[i].virtual = sign_extended(ranges[i].virtual, bits);
	return walk.count;
}

/* ---- VMCOREINFO ---- */

static bool is_info(const uint8_t *page, uint64_t left, size_t *len)
{
	const size_t text = sizeof(Elf64_Nhdr) + 12; /* the name, padded */
	Elf64_Nhdr note;

	if (left < text + sizeof(INFO_TEXT))
		return false;
	memcpy(&note, page, sizeof(note));
	*len = le32toh(note.n_descsz);
	return le32toh(note.n_namesz) == sizeof(INFO_NAME) && note.n_type == 0 &&
	       !memcmp(page + sizeof(note), INFO_NAME, sizeof(INFO_NAME)) &&
	       !memcmp(page + text, INFO_TEXT, sizeof(INFO_TEXT) - 1) && *len <= INFO_MOST &&
	       *len <= left - text;
}

bool core_find_vmcoreinfo(const struct guest_memory *memory, const uint8_t **text, size_t *len)
{
	for (uint64_t at = 0; at < memory->size; at += CORE_PAGE)
		if (is_info(memory->host + at, memory->size - at, len)) {
			*text = memory->host + at + sizeof(Elf64_Nhdr) + 12;
			return true;
		}
	return false;
}

/* ---- the head ---- */

static size_t round_up(size_t size, size_t to)
{
	return (size + to - 1) / to * to;
}

static size_t note_size(const char *name, size_t len)
{
	return sizeof(Elf64_Nhdr) + round_up(strlen(name) + 1, 4) + round_up(len, 4);
}

static size_t notes_size(const struct core *core)
{
	return core->hart_count * note_size("CORE", PRSTATUS_SIZE) +
	       (core->vmcoreinfo ? note_size(INFO_NAME, core->vmcoreinfo_len) : 0);
}

/* The notes' and the RAM's come first. */
static size_t header_count(const struct core *core)
{
	return 2 + core->range_count;
}

static size_t headers_size(const struct core *core)
{
	return sizeof(Elf64_Ehdr) + header_count(core) * sizeof(Elf64_Phdr);
}

size_t core_head_size(const struct core *core)
{
	return round_up(headers_size(core) + notes_size(core), CORE_PAGE);
}

static uint8_t *put_note(uint8_t *at, const char *name, uint32_t type, const void *bytes,
			 size_t len)
{
	const Elf64_Nhdr note = {
		.n_namesz = htole32((uint32_t)strlen(name) + 1),
		.n_descsz = htole32((uint32_t)len),
		.n_type = htole32(type),
	};

	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), name, strlen(name) + 1);
	memcpy(at + note_size(name, 0), bytes, len);
	return at + note_size(name, len);
}

static uint8_t *put_hart(uint8_t *at, const struct core_hart *hart)
{
	uint8_t status[PRSTATUS_SIZE] = {0};
	/* gdb and crash take 0 for the idle task. */
	uint32_t id = htole32(hart->hart + 1);

	memcpy(status + PRSTATUS_PID, &id, sizeof(id));
	for (unsigned int i = 0; i < 32; i++) {
		uint64_t value = htole64(hart->registers[i]);

		memcpy(status + PRSTATUS_REGISTERS + 8 * i, &value, sizeof(value));
	}
	return put_note(at, "CORE", NT_PRSTATUS, status, sizeof(status));
}

static Elf64_Phdr load_header(const struct core *core, uint64_t virtual, uint64_t physical,
			      uint64_t size)
{
	/* p_align stays 0, as in Linux's own vmcore: by that crash knows one (is_netdump() of its
	 * netdump.c), and takes registers from the notes. */
	return (Elf64_Phdr){
		.p_type = htole32(PT_LOAD),
		.p_flags = htole32(PF_R | PF_W | PF_X),
		.p_offset = htole64(core_head_size(core) + (physical - core->memory->base)),
		.p_vaddr = htole64(virtual),
		.p_paddr = htole64(physical),
		.p_filesz = htole64(size),
		.p_memsz = htole64(size),
	};
}

static void put_header(const struct core *core, uint8_t *head)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = htole16(ET_CORE),
		.e_machine = htole16(EM_RISCV),
		.e_version = htole32(EV_CURRENT),
		.e_phoff = htole64(sizeof(Elf64_Ehdr)),
		.e_flags = htole32(FLAGS_FLOAT_DOUBLE),
		.e_ehsize = htole16(sizeof(Elf64_Ehdr)),
		.e_phentsize = htole16(sizeof(Elf64_Phdr)),
		.e_phnum = htole16((uint16_t)header_count(core)),
	};

	memcpy(head, &header, sizeof(header));
}

static void put_program_header(uint8_t *head, size_t index, const Elf64_Phdr *header)
{
	memcpy(head + sizeof(Elf64_Ehdr) + index * sizeof(*header), header, sizeof(*header));
}

static void put_program_headers(const struct core *core, uint8_t *head)
{
	const struct guest_memory *memory = core->memory;
	Elf64_Phdr header = {
		.p_type = htole32(PT_NOTE),
		.p_offset = htole64(headers_size(core)),
		.p_filesz = htole64(notes_size(core)),
		.p_memsz = htole64(notes_size(core)),
		.p_align = htole64(4),
	};

	put_program_header(head, 0, &header);
	header = load_header(core, memory->base, memory->base, memory->size);
	put_program_header(head, 1, &header);
	for (size_t i = 0; i < core->range_count; i++) {
		const struct core_range *range = &core->ranges[i];

		header = load_header(core, range->virtual, range->physical, range->size);
		put_program_header(head, 2 + i, &header);
	}
}

void core_make_head(const struct core *core, uint8_t *head)
{
	uint8_t *note = head + headers_size(core);

	put_header(core, head);
	put_program_headers(core, head);
	for (unsigned int i = 0; i < core->hart_count; i++)
		note = put_hart(note, &core->harts[i]);
	if (core->vmcoreinfo)
		put_note(note, INFO_NAME, 0, core->vmcoreinfo, core->vmcoreinfo_len);
}
