/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels, programs and firmware: what they are, and where they go in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/fixtures/made_kernel.h"
#include "vmm/boot/image.h"

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (16 * MIB)

static uint8_t ram[RAM_SIZE];
static const struct guest_memory memory = {.base = RAM_BASE, .size = RAM_SIZE, .host = ram};
static char message[IMAGE_MESSAGE_MAX];

/* The messages of file_load(), instead of log.c's. */
static char logged[1024];

void error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(logged, sizeof(logged), format, arguments);
	va_end(arguments);
}

/* An ELF for RISC-V with two segments: one with contents, one that is all BSS. */
static struct blob elf_image(uint64_t virtual, uint64_t physical, uint64_t entry)
{
	struct blob blob = zeros(0x3000);
	const Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_RISCV,
		.e_version = EV_CURRENT,
		.e_entry = entry,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Phdr segments[] = {
		{PT_LOAD, PF_R | PF_X, 0x1000, virtual, physical, 0x2000, 0x2800, 0x1000},
		{PT_NOTE, PF_R, UINT64_MAX, 0, 0, UINT64_MAX, UINT64_MAX, 1},
		{PT_LOAD, PF_R | PF_W, 0, virtual + 0x10000, physical + 0x10000, 0, 0x5000, 0x1000},
	};

	memcpy(blob.bytes, &header, sizeof(header));
	memcpy(blob.bytes + sizeof(header), segments, sizeof(segments));
	memset(blob.bytes + 0x1000, 0xab, 0x2000);
	return blob;
}

static struct image_place load(const struct blob *blob, bool firmware)
{
	struct image_place place;

	if (!image_load(blob, firmware, &memory, &place, message))
		fail_msg("refused: %s", message);
	return place;
}

/* Refused as a kernel, with words of the message; frees BLOB. */
static void assert_refused(struct blob blob, const char *words)
{
	struct image_place place;

	if (image_load(&blob, false, &memory, &place, message))
		fail_msg("accepted, \"%s\" was expected", words);
	if (!strstr(message, words))
		fail_msg("no \"%s\" in: %s", words, message);
	blob_free(&blob);
}

static void a_linux_image_lies_where_its_header_says(void **state)
{
	struct blob blob = linux_image(100000, 3 * MIB);

	(void)state;
	struct image_place place = load(&blob, false);
	assert_int_equal(place.kind, IMAGE_LINUX);
	assert_int_equal(place.start, RAM_BASE + 2 * MIB);
	assert_int_equal(place.entry, RAM_BASE + 2 * MIB);
	assert_int_equal(place.end, RAM_BASE + 5 * MIB);
	assert_memory_equal(ram + 2 * MIB, blob.bytes, blob.len);

	put(&blob, 8, 4 * MIB, 8);
	assert_int_equal(load(&blob, false).entry, RAM_BASE + 4 * MIB);
	blob_free(&blob);
}

static void an_image_size_below_the_files_size_gives_way_to_it(void **state)
{
	(void)state;
	for (uint64_t image_size = 0; image_size < 100000; image_size += 50000) {
		struct blob blob = linux_image(100000, image_size);
		assert_int_equal(load(&blob, false).end, RAM_BASE + 2 * MIB + 100000);
		blob_free(&blob);
	}
}

static void too_little_memory_says_how_much_is_needed(void **state)
{
	(void)state;
	assert_refused(linux_image(4096, 56 * MIB - 1),
		       "needs 58 MiB of memory, --memory has 16 MiB");
	assert_refused(linux_image(15 * MIB, 0), "needs 17 MiB of memory");
	assert_refused(elf_image(RAM_BASE, RAM_BASE + 63 * MIB, RAM_BASE),
		       "needs 64 MiB of memory");
	/* The header counts, not only the file. */
	struct blob blob = linux_image(4096, 14 * MIB);
	assert_int_equal(load(&blob, false).end, RAM_BASE + RAM_SIZE);
	blob_free(&blob);
	assert_refused(linux_image(4096, 14 * MIB + 1), "needs 17 MiB");
}

static void impossible_headers_are_refused(void **state)
{
	struct blob blob = linux_image(4096, UINT64_MAX);

	(void)state;
	assert_refused(blob, "impossible size");
	blob = linux_image(4096, 8192);
	put(&blob, 8, UINT64_MAX - 4096, 8);
	assert_refused(blob, "impossible size");
	blob = linux_image(4096, 8192);
	put(&blob, 24, 1, 8);
	assert_refused(blob, "big-endian");
}

static void a_truncated_efi_image_is_noticed(void **state)
{
	struct blob blob = linux_image(100000, 3 * MIB);
	const size_t pe = 64, section = pe + 24 + 0xa0;

	(void)state;
	memcpy(blob.bytes, "MZ", 2);
	put(&blob, 60, pe, 4);
	memcpy(blob.bytes + pe, "PE\0", 4);
	put(&blob, pe + 6, 2, 2);
	put(&blob, pe + 20, 0xa0, 2);
	memset(blob.bytes + section, 0, 80);
	put(&blob, section + 16, 0x1000, 4);
	put(&blob, section + 20, 0x1000, 4);
	put(&blob, section + 40 + 16, 100000 - 0x2000, 4);
	put(&blob, section + 40 + 20, 0x2000, 4);
	load(&blob, false);
	for (size_t len = 99999; len >= 64 + 24; len -= len > 1400 ? 1000 : 9) {
		struct blob cut = zeros(len);
		memcpy(cut.bytes, blob.bytes, len);
		assert_refused(cut, "truncated");
	}
	blob_free(&blob);
}

static void an_elf_lies_where_it_is_linked(void **state)
{
	struct blob blob = elf_image(0xffffffff80000000, RAM_BASE + MIB, 0xffffffff80000040);

	(void)state;
	memset(ram, 0x55, sizeof(ram));
	struct image_place place = load(&blob, false);
	assert_int_equal(place.kind, IMAGE_ELF);
	assert_int_equal(place.entry, RAM_BASE + MIB + 0x40);
	assert_int_equal(place.start, RAM_BASE + MIB);
	assert_int_equal(place.end, RAM_BASE + MIB + 0x15000);
	assert_int_equal(ram[MIB - 1], 0x55);
	assert_int_equal(ram[MIB], 0xab);
	assert_int_equal(ram[MIB + 0x1fff], 0xab);
	assert_int_equal(ram[MIB + 0x2000], 0);
	assert_int_equal(ram[MIB + 0x27ff], 0);
	assert_int_equal(ram[MIB + 0x2800], 0x55);
	assert_int_equal(ram[MIB + 0x10000], 0);
	assert_int_equal(ram[MIB + 0x14fff], 0);
	assert_int_equal(ram[MIB + 0x15000], 0x55);
	blob_free(&blob);

	/* A physical entry point in a file that is linked to virtual addresses. */
	blob = elf_image(0xffffffff80000000, RAM_BASE + MIB, RAM_BASE + MIB + 0x80);
	assert_int_equal(load(&blob, false).entry, RAM_BASE + MIB + 0x80);
	blob_free(&blob);
}

static void vmlinux_linked_to_zero_lies_where_an_image_would(void **state)
{
	struct blob blob = elf_image(0xffffffff80000000, 0, 0xffffffff80000000);

	(void)state;
	struct image_place place = load(&blob, false);
	assert_int_equal(place.entry, RAM_BASE + 2 * MIB);
	assert_int_equal(place.start, RAM_BASE + 2 * MIB);
	assert_int_equal(ram[2 * MIB], 0xab);
	blob_free(&blob);
	assert_refused(elf_image(0x40000000, 0x40000000, 0x40000000), "linked to 0x40000000");
	assert_refused(elf_image(0, RAM_BASE - 0x1000, 0), "memory starts at 0x80000000");
	/* Physical addresses that are virtual ones: no --memory helps. */
	assert_refused(
		elf_image(0xffffffff80000000, 0xffffffff80000000, 0xffffffff80000000),
		"linked to physical address 0xffffffff80000000, memory starts at 0x80000000");
	assert_refused(elf_image(0, RAM_BASE + (1ull << 44), 0), "linked to physical address");
}

/* A symbol table behind elf_image(), with one symbol besides the first, which is none. */
static struct blob elf_with_symbol(const char *name, uint64_t value)
{
	struct blob blob = elf_image(0xffffffff80000000, RAM_BASE + MIB, 0xffffffff80000040);
	const Elf64_Sym symbol = {.st_name = 1, .st_shndx = 1, .st_value = value};
	const Elf64_Shdr sections[] = {
		{0},
		{.sh_type = SHT_SYMTAB, .sh_offset = 0x2800, .sh_size = 48, .sh_link = 2},
		{.sh_type = SHT_STRTAB, .sh_offset = 0x2900, .sh_size = strlen(name) + 2},
	};

	memset(blob.bytes + 0x2000, 0, 0x1000);
	memcpy(blob.bytes + 0x2818, &symbol, sizeof(symbol));
	memcpy(blob.bytes + 0x2901, name, strlen(name));
	memcpy(blob.bytes + 0x2a00, sections, sizeof(sections));
	put(&blob, offsetof(Elf64_Ehdr, e_shoff), 0x2a00, 8);
	put(&blob, offsetof(Elf64_Ehdr, e_shentsize), sizeof(Elf64_Shdr), 2);
	put(&blob, offsetof(Elf64_Ehdr, e_shnum), 3, 2);
	return blob;
}

static void assert_symbol(struct blob blob, const char *name, uint64_t expected)
{
	uint64_t address = 0;

	if (image_elf_symbol(&blob, name, &address) != (expected != 0) || address != expected)
		fail_msg("%s is at %llx", name, (unsigned long long)address);
	blob_free(&blob);
}

static void a_symbol_lies_where_its_segment_does(void **state)
{
	struct blob blob = elf_with_symbol("tohost", 0xffffffff80010040);

	(void)state;
	assert_symbol(blob, "tohost", RAM_BASE + MIB + 0x10040);
	assert_symbol(elf_with_symbol("tohost", 0xffffffff80010040), "tohos", 0);
	assert_symbol(elf_with_symbol("tohost", 0xffffffff80010040), "tohosts", 0);
	/* In no segment. */
	assert_symbol(elf_with_symbol("tohost", 0xffffffff80020000), "tohost", 0);
	blob = elf_with_symbol("tohost", 0xffffffff80000000);
	put(&blob, 0x2a00 + 64 + offsetof(Elf64_Shdr, sh_link), 7, 4);
	assert_symbol(blob, "tohost", 0);
	blob = elf_with_symbol("tohost", 0xffffffff80000000);
	put(&blob, 0x2a00 + 64 + offsetof(Elf64_Shdr, sh_size), UINT64_MAX, 8);
	assert_symbol(blob, "tohost", 0);
	blob = elf_with_symbol("tohost", 0xffffffff80000000);
	put(&blob, 0x2818, 0xffffffff, 4);
	assert_symbol(blob, "tohost", 0);
	blob = elf_with_symbol("tohost", 0xffffffff80000000);
	blob.len = 0x2a80;
	assert_symbol(blob, "tohost", 0);
}

static void damaged_elf_files_are_refused(void **state)
{
	const size_t segment = sizeof(Elf64_Ehdr);
	struct blob blob;

	(void)state;
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE + 0x20000);
	assert_refused(blob, "entry point");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, segment + offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 0x1000, 8);
	assert_refused(blob, "truncated");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, segment + offsetof(Elf64_Phdr, p_memsz), 0x1000, 8);
	assert_refused(blob, "impossible segment");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, segment + offsetof(Elf64_Phdr, p_memsz), UINT64_MAX, 8);
	assert_refused(blob, "impossible segment");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX, 8);
	assert_refused(blob, "truncated");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_phnum), 0xffff, 2);
	assert_refused(blob, "65535 segments");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_phnum), 0, 2);
	assert_refused(blob, "without segments");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_type), ET_REL, 2);
	assert_refused(blob, "object file");
	for (size_t len = 4; len < 0x3000; len += 1 + len / 5) {
		blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
		blob.len = len;
		assert_refused(blob, "truncated");
	}
}

static void a_kernel_for_something_else_is_called_by_its_name(void **state)
{
	struct blob blob;

	(void)state;
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_machine), EM_X86_64, 2);
	assert_refused(blob, "x86-64");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	put(&blob, offsetof(Elf64_Ehdr, e_machine), EM_AARCH64, 2);
	assert_refused(blob, "arm64");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	blob.bytes[EI_CLASS] = ELFCLASS32;
	assert_refused(blob, "32-bit RISC-V");
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	blob.bytes[EI_DATA] = ELFDATA2MSB;
	put(&blob, offsetof(Elf64_Ehdr, e_machine), EM_S390 << 8, 2);
	assert_refused(blob, "s390");

	blob = zeros(4096);
	memcpy(blob.bytes + 0x202, "HdrS", 4);
	assert_refused(blob, "x86 (bzImage)");
	blob = zeros(4096);
	memcpy(blob.bytes, "MZ", 2);
	memcpy(blob.bytes + 56, "ARM\x64", 4);
	assert_refused(blob, "arm64");
	blob = zeros(4096);
	memcpy(blob.bytes,
	       "\xfd"
	       "7zXZ\0",
	       6);
	assert_refused(blob, "xz-compressed");
	blob = zeros(4096);
	assert_false(image_is_flash(&blob));
	memcpy(blob.bytes + 40, "_FVH", 4);
	assert_true(image_is_flash(&blob));
	assert_refused(blob, "EDK2");
	blob = zeros(4096);
	memcpy(blob.bytes, "070701", 6);
	assert_refused(blob, "cpio");
	assert_refused(zeros(4096), "not a kernel");
	assert_refused(zeros(1), "--firmware takes a flat binary");
	assert_refused(zeros(0), "empty");
}

static void flat_firmware_lies_2_mib_into_memory(void **state)
{
	struct blob blob = zeros(5000);
	struct image_place place;

	(void)state;
	memset(blob.bytes, 0x77, blob.len);
	place = load(&blob, true);
	assert_int_equal(place.kind, IMAGE_RAW);
	assert_int_equal(place.entry, RAM_BASE + 2 * MIB);
	assert_int_equal(place.end, RAM_BASE + 2 * MIB + 5000);
	assert_memory_equal(ram + 2 * MIB, blob.bytes, blob.len);
	blob_free(&blob);

	blob = zeros(14 * MIB + 1);
	assert_false(image_load(&blob, true, &memory, &place, message));
	assert_non_null(strstr(message, "needs 17 MiB"));
	blob_free(&blob);
	blob = elf_image(RAM_BASE, RAM_BASE, RAM_BASE);
	assert_int_equal(load(&blob, true).kind, IMAGE_ELF);
	blob_free(&blob);
}

static void assert_apart(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	assert_true(a + a_len <= b || b + b_len <= a);
}

static bool holds_linux(const char *bytes, size_t len)
{
	uint8_t image[256] = {0};
	const struct blob blob = {image, sizeof(image)};

	memcpy(image + 56, "RSC\x05", 4);
	memcpy(image + (len > 2 ? 100 : 0), bytes, len);
	return image_holds_linux(&blob);
}

static void linux_is_known_by_its_stub_or_its_banner(void **state)
{
	uint8_t stub[] = {'M', 'Z'};
	const struct blob short_one = {stub, sizeof(stub)};

	(void)state;
	assert_true(holds_linux("MZ", 2));
	assert_true(holds_linux("Linux version 6.12", 18));
	assert_false(holds_linux("Linux", 5));
	assert_false(holds_linux("", 0));
	assert_false(image_holds_linux(&short_one));
}

static void initrd_and_fdt_never_overlap_anything(void **state)
{
	unsigned int placed = 0;

	(void)state;
	for (uint64_t size = 16 * MIB; size <= 8192 * MIB; size = size * 3 / 2 / MIB * MIB) {
		const struct guest_memory big = {.base = RAM_BASE, .size = size};
		for (uint64_t high = 0; high < 2; high++) {
			struct image_place kernel = {.start = RAM_BASE + 2 * MIB,
						     .end = RAM_BASE + 12 * MIB + 5};
			if (high) {
				kernel.end = RAM_BASE + size;
				kernel.start = kernel.end - 5 * MIB - 5;
			}
			for (uint64_t initrd_len = 0; initrd_len < size;
			     initrd_len = initrd_len * 4 + 12345) {
				uint64_t initrd, fdt, fdt_len = 70000;
				if (!image_place_rest(&big, &kernel, initrd_len, fdt_len, &initrd,
						      &fdt, message)) {
					assert_non_null(strstr(message, "--memory"));
					continue;
				}
				placed++;
				assert_int_equal(fdt % (2 * MIB), 0);
				assert_true(fdt >= RAM_BASE && fdt + fdt_len <= RAM_BASE + size);
				assert_apart(fdt, fdt_len, kernel.start, kernel.end - kernel.start);
				if (!initrd_len)
					continue;
				assert_int_equal(initrd % 4096, 0);
				assert_true(initrd >= RAM_BASE &&
					    initrd + initrd_len <= RAM_BASE + size);
				assert_apart(initrd, initrd_len, kernel.start,
					     kernel.end - kernel.start);
				assert_apart(initrd, initrd_len, fdt, fdt_len);
			}
		}
	}
	assert_true(placed > 100);
}

static void a_small_machine_has_room_for_a_debian_kernel(void **state)
{
	const struct guest_memory small = {.base = RAM_BASE, .size = 64 * MIB};
	const struct image_place kernel = {.start = RAM_BASE + 2 * MIB, .end = RAM_BASE + 36 * MIB};
	uint64_t initrd, fdt;

	(void)state;
	assert_true(image_place_rest(&small, &kernel, 20 * MIB, 10000, &initrd, &fdt, message));
	assert_false(image_place_rest(&small, &kernel, 40 * MIB, 10000, &initrd, &fdt, message));
	assert_non_null(strstr(message, "initrd of 40 MiB"));
	assert_non_null(strstr(message, "--memory has 64 MiB"));
	assert_false(image_place_rest(&small, &kernel, UINT64_MAX, 10000, &initrd, &fdt, message));
}

static void the_memory_that_a_refusal_asks_for_is_enough(void **state)
{
	(void)state;
	for (uint64_t initrd_len = 1; initrd_len < 2048 * MIB; initrd_len = initrd_len * 3 + 4097) {
		struct guest_memory little = {.base = RAM_BASE, .size = 40 * MIB};
		const struct image_place kernel = {.start = RAM_BASE + 2 * MIB,
						   .end = RAM_BASE + 36 * MIB};
		uint64_t initrd, fdt;
		if (image_place_rest(&little, &kernel, initrd_len, 70000, &initrd, &fdt, message))
			continue;
		const char *needs = strstr(message, "needs ");
		assert_non_null(needs);
		little.size = strtoull(needs + strlen("needs "), NULL, 10) * MIB;
		assert_true(image_place_rest(&little, &kernel, initrd_len, 70000, &initrd, &fdt,
					     message));
	}
}

static void files_are_read_whole(void **state)
{
	char path[] = "/tmp/vhart-file-XXXXXX";
	int fd = mkstemp(path);
	struct blob blob;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "contents", 8), 8);
	assert_true(file_load("kernel", path, 8, &blob));
	assert_int_equal(blob.len, 8);
	assert_memory_equal(blob.bytes, "contents", 8);
	blob_free(&blob);
	assert_null(blob.bytes);
	assert_int_equal(blob.len, 0);

	assert_false(file_load("kernel", path, 7, &blob));
	assert_non_null(strstr(logged, path));
	assert_non_null(strstr(logged, "too big"));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_false(file_load("initrd", path, 100, &blob));
	assert_non_null(strstr(logged, "initrd"));
	assert_non_null(strstr(logged, "is empty"));
	close(fd);
	unlink(path);
	assert_false(file_load("initrd", path, 100, &blob));
	assert_non_null(strstr(logged, path));
	assert_non_null(strstr(logged, "No such file"));
}

static void what_is_not_a_file_is_refused_without_waiting(void **state)
{
	char folder[] = "/tmp/vhart-file-XXXXXX", pipe_path[64];
	struct blob blob;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_false(file_load("kernel", folder, 100, &blob));
	assert_non_null(strstr(logged, "is a directory"));
	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", folder);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_false(file_load("kernel", pipe_path, 100, &blob));
	assert_non_null(strstr(logged, "regular file"));
	assert_false(file_load("kernel", "/dev/zero", 100, &blob));
	assert_non_null(strstr(logged, "regular file"));
	unlink(pipe_path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_linux_image_lies_where_its_header_says),
		cmocka_unit_test(an_image_size_below_the_files_size_gives_way_to_it),
		cmocka_unit_test(too_little_memory_says_how_much_is_needed),
		cmocka_unit_test(impossible_headers_are_refused),
		cmocka_unit_test(a_truncated_efi_image_is_noticed),
		cmocka_unit_test(an_elf_lies_where_it_is_linked),
		cmocka_unit_test(vmlinux_linked_to_zero_lies_where_an_image_would),
		cmocka_unit_test(a_symbol_lies_where_its_segment_does),
		cmocka_unit_test(damaged_elf_files_are_refused),
		cmocka_unit_test(a_kernel_for_something_else_is_called_by_its_name),
		cmocka_unit_test(flat_firmware_lies_2_mib_into_memory),
		cmocka_unit_test(linux_is_known_by_its_stub_or_its_banner),
		cmocka_unit_test(initrd_and_fdt_never_overlap_anything),
		cmocka_unit_test(a_small_machine_has_room_for_a_debian_kernel),
		cmocka_unit_test(the_memory_that_a_refusal_asks_for_is_enough),
		cmocka_unit_test(files_are_read_whole),
		cmocka_unit_test(what_is_not_a_file_is_refused_without_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
