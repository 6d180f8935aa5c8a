/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/board.h"

static uint8_t blob[2 << 20];

static const char *const extensions[] = {"i", "m", "a", "zicbom"};

static struct board sample(bool aia)
{
	return (struct board){
		.ram_size = 512ull << 20,
		.bootargs = "console=ttyS0",
		.initrd = 0x90000000,
		.initrd_size = 0x123456,
		.seed = {1, 2, 3, 4, 5, 6, 7, 0x0102030405060708},
		.harts = 4,
		.timebase = 10000000,
		.isa = "rv64ima_zicbom",
		.isa_extensions = extensions,
		.isa_extension_count = 4,
		.mmu_type = "riscv,sv57",
		.cbom_block = 64,
		.cboz_block = 0,
		.cbop_block = 32,
		.aia = aia,
		.imsic_ids = 255,
		.uart = true,
		.pci = true,
		.virtio_slots = 3,
	};
}

static void build(const struct board *board)
{
	int len = fdt_build(board, blob, sizeof(blob));

	if (len <= 0)
		fail_msg("fdt_build: %s", fdt_strerror(len));
	assert_int_equal(len, fdt_totalsize(blob));
	assert_int_equal(fdt_check_full(blob, (size_t)len), 0);
}

static int node(const char *path)
{
	int offset = fdt_path_offset(blob, path);

	if (offset < 0)
		fail_msg("no %s", path);
	return offset;
}

static const void *property(const char *path, const char *name, int *len)
{
	const void *value = fdt_getprop(blob, node(path), name, len);

	if (!value)
		fail_msg("no %s in %s", name, path);
	return value;
}

static bool absent(const char *path, const char *name)
{
	return !fdt_getprop(blob, node(path), name, NULL);
}

static const char *string(const char *path, const char *name)
{
	int len;
	const char *value = property(path, name, &len);

	assert_int_equal(strnlen(value, (size_t)len), len - 1);
	return value;
}

/* The number of CELLS cells at cell INDEX of a property. */
static uint64_t number(const char *path, const char *name, int index, int cells)
{
	int len;
	const fdt32_t *value = property(path, name, &len);

	assert_true(len >= (index + cells) * 4);
	uint64_t result = 0;
	for (int i = 0; i < cells; i++)
		result = result << 32 | fdt32_ld(value + index + i);
	return result;
}

static int cells_of(const char *path, const char *name)
{
	int len;

	property(path, name, &len);
	return len / 4;
}

static void the_harts_are_described(void **state)
{
	struct board board = sample(true);
	int len;

	(void)state;
	build(&board);
	assert_int_equal(number("/cpus", "timebase-frequency", 0, 1), 10000000);
	assert_int_equal(number("/cpus/cpu@3", "reg", 0, 1), 3);
	assert_string_equal(string("/cpus/cpu@3", "device_type"), "cpu");
	assert_string_equal(string("/cpus/cpu@3", "compatible"), "riscv");
	assert_string_equal(string("/cpus/cpu@3", "status"), "okay");
	assert_string_equal(string("/cpus/cpu@3", "mmu-type"), "riscv,sv57");
	assert_string_equal(string("/cpus/cpu@3", "riscv,isa"), "rv64ima_zicbom");
	assert_string_equal(string("/cpus/cpu@3", "riscv,isa-base"), "rv64i");
	const char *list = property("/cpus/cpu@3", "riscv,isa-extensions", &len);
	assert_int_equal(len, sizeof("i\0m\0a\0zicbom"));
	assert_memory_equal(list, "i\0m\0a\0zicbom", (size_t)len);
	assert_int_equal(number("/cpus/cpu@3", "riscv,cbom-block-size", 0, 1), 64);
	assert_int_equal(number("/cpus/cpu@3", "riscv,cbop-block-size", 0, 1), 32);
	assert_true(absent("/cpus/cpu@3", "riscv,cboz-block-size"));
	assert_string_equal(string("/cpus/cpu@3/interrupt-controller", "compatible"),
			    "riscv,cpu-intc");
	assert_true(fdt_path_offset(blob, "/cpus/cpu@4") < 0);
	for (unsigned int hart = 0; hart < board.harts; hart++) {
		char core[64], cpu[64];
		snprintf(core, sizeof(core), "/cpus/cpu-map/cluster0/core%u", hart);
		snprintf(cpu, sizeof(cpu), "/cpus/cpu@%u", hart);
		assert_int_equal(number(core, "cpu", 0, 1), fdt_get_phandle(blob, node(cpu)));
	}
}

static void memory_and_what_was_chosen_are_described(void **state)
{
	struct board board = sample(true);
	int len;

	(void)state;
	build(&board);
	assert_string_equal(string("/memory@80000000", "device_type"), "memory");
	assert_int_equal(number("/memory@80000000", "reg", 0, 2), MAP_RAM);
	assert_int_equal(number("/memory@80000000", "reg", 2, 2), 512ull << 20);
	assert_string_equal(string("/chosen", "bootargs"), "console=ttyS0");
	assert_string_equal(string("/chosen", "stdout-path"), "/soc/serial@10000000");
	assert_string_equal(string("/aliases", "serial0"), "/soc/serial@10000000");
	assert_int_equal(number("/chosen", "linux,initrd-start", 0, 2), 0x90000000);
	assert_int_equal(number("/chosen", "linux,initrd-end", 0, 2), 0x90123456);
	assert_int_equal(number("/chosen", "kaslr-seed", 0, 2), 0x0102030405060708);
	const uint8_t *seed = property("/chosen", "rng-seed", &len);
	assert_true(len >= 32 && len <= 64);
	assert_memory_equal(seed, board.seed, (size_t)len);
	assert_true((size_t)len <= sizeof(board.seed) - sizeof(board.seed[0]));
}

static void what_the_board_lacks_is_not_in_the_tree(void **state)
{
	struct board board = sample(true);

	(void)state;
	board.uart = board.pci = false;
	board.virtio_slots = 0;
	board.initrd_size = 0;
	board.bootargs = NULL;
	board.cbom_block = 0;
	build(&board);
	assert_true(fdt_path_offset(blob, "/soc/serial@10000000") < 0);
	assert_true(fdt_path_offset(blob, "/soc/pci@30000000") < 0);
	assert_true(fdt_path_offset(blob, "/soc/virtio_mmio@10001000") < 0);
	assert_true(absent("/chosen", "stdout-path"));
	assert_true(absent("/chosen", "linux,initrd-start"));
	assert_true(absent("/chosen", "linux,initrd-end"));
	assert_true(absent("/aliases", "serial0"));
	assert_true(absent("/cpus/cpu@0", "riscv,cbom-block-size"));
	assert_string_equal(string("/chosen", "bootargs"), "");
}

/* Every hart's own interrupt controller, in order, at supervisor external interrupt. */
static void assert_reaches_all_harts(const char *path, unsigned int harts)
{
	assert_int_equal(cells_of(path, "interrupts-extended"), 2 * harts);
	for (unsigned int hart = 0; hart < harts; hart++) {
		char intc[64];
		snprintf(intc, sizeof(intc), "/cpus/cpu@%x/interrupt-controller", hart);
		assert_int_equal(number(path, "interrupts-extended", (int)(2 * hart), 1),
				 fdt_get_phandle(blob, node(intc)));
		assert_int_equal(number(path, "interrupts-extended", (int)(2 * hart + 1), 1), 9);
	}
}

static void with_aia_lines_become_messages_to_the_imsics(void **state)
{
	const char *imsics = "/soc/interrupt-controller@28000000";
	const char *aplic = "/soc/interrupt-controller@d000000";
	struct board board = sample(true);

	(void)state;
	build(&board);
	assert_string_equal(string(imsics, "compatible"), "riscv,imsics");
	assert_int_equal(number(imsics, "reg", 0, 2), MAP_IMSIC);
	assert_int_equal(number(imsics, "reg", 2, 2), 4 * 0x1000);
	assert_int_equal(number(imsics, "riscv,num-ids", 0, 1), 255);
	assert_false(absent(imsics, "msi-controller"));
	assert_reaches_all_harts(imsics, board.harts);

	assert_string_equal(string(aplic, "compatible"), "riscv,aplic");
	assert_int_equal(number(aplic, "msi-parent", 0, 1), fdt_get_phandle(blob, node(imsics)));
	assert_int_equal(number(aplic, "riscv,num-sources", 0, 1), LINE_COUNT);
	assert_true(absent(aplic, "interrupts-extended"));
	assert_int_equal(number("/soc/pci@30000000", "msi-parent", 0, 1),
			 fdt_get_phandle(blob, node(imsics)));
	assert_true(fdt_path_offset(blob, "/soc/interrupt-controller@c000000") < 0);
}

static void without_aia_there_is_a_plic_and_no_msi(void **state)
{
	const char *plic = "/soc/interrupt-controller@c000000";
	struct board board = sample(false);

	(void)state;
	build(&board);
	assert_string_equal((const char *)property(plic, "compatible", &(int){0}),
			    "sifive,plic-1.0.0");
	assert_int_equal(fdt_node_check_compatible(blob, node(plic), "riscv,plic0"), 0);
	assert_int_equal(number(plic, "riscv,ndev", 0, 1), LINE_COUNT - 1);
	assert_reaches_all_harts(plic, board.harts);
	assert_true(absent("/soc/pci@30000000", "msi-parent"));
	assert_true(fdt_path_offset(blob, "/soc/interrupt-controller@28000000") < 0);
}

/* The line that a device's only interrupt is on. */
static unsigned int line_of(const char *path, bool aia)
{
	const char *controller =
		aia ? "/soc/interrupt-controller@d000000" : "/soc/interrupt-controller@c000000";

	assert_int_equal(number(path, "interrupt-parent", 0, 1),
			 fdt_get_phandle(blob, node(controller)));
	assert_int_equal(cells_of(path, "interrupts"),
			 number(controller, "#interrupt-cells", 0, 1));
	if (aia)
		assert_int_equal(number(path, "interrupts", 1, 1), 4);
	return (unsigned int)number(path, "interrupts", 0, 1);
}

static void devices_have_their_registers_and_lines(void **state)
{
	(void)state;
	for (int aia = 0; aia < 2; aia++) {
		struct board board = sample(aia);
		build(&board);
		assert_int_equal(line_of("/soc/serial@10000000", aia), LINE_UART);
		assert_int_equal(number("/soc/serial@10000000", "clock-frequency", 0, 1), 3686400);
		assert_int_equal(line_of("/soc/rtc@101000", aia), LINE_RTC);
		for (unsigned int slot = 0; slot < 3; slot++) {
			char path[64];
			uint64_t base = MAP_VIRTIO + slot * MAP_VIRTIO_STRIDE;
			snprintf(path, sizeof(path), "/soc/virtio_mmio@%llx",
				 (unsigned long long)base);
			assert_int_equal(number(path, "reg", 0, 2), base);
			assert_int_equal(line_of(path, aia), LINE_VIRTIO + slot);
			assert_false(absent(path, "dma-coherent"));
		}
	}
}

static void further_serial_ports_have_numbers_registers_and_lines(void **state)
{
	(void)state;
	for (int aia = 0; aia < 2; aia++) {
		struct board board = sample(aia);
		board.serials = 2;
		build(&board);
		for (unsigned int port = 1; port <= 2; port++) {
			char path[64], alias[32];
			uint64_t base = MAP_SERIAL + port * MAP_SERIAL_STRIDE;
			snprintf(path, sizeof(path), "/soc/serial@%llx", (unsigned long long)base);
			snprintf(alias, sizeof(alias), "serial%u", port);
			assert_string_equal(string("/aliases", alias), path);
			assert_string_equal(string(path, "compatible"), "ns16550a");
			assert_int_equal(number(path, "reg", 0, 2), base);
			assert_int_equal(line_of(path, aia), LINE_SERIAL + port);
			assert_true(LINE_SERIAL + port < LINE_COUNT);
		}
		assert_true(absent("/aliases", "serial3"));
		assert_string_equal(string("/chosen", "stdout-path"), "/soc/serial@10000000");
		/* Their numbers are the same without the console's. */
		board.uart = false;
		build(&board);
		assert_true(absent("/aliases", "serial0"));
		assert_string_equal(string("/aliases", "serial1"), "/soc/serial@10021000");
		assert_true(absent("/chosen", "stdout-path"));
	}
}

static void pci_pins_are_swizzled_over_four_lines(void **state)
{
	const char *pci = "/soc/pci@30000000";

	(void)state;
	for (int aia = 0; aia < 2; aia++) {
		struct board board = sample(aia);
		const int entry = aia ? 7 : 6;
		build(&board);
		assert_int_equal(number(pci, "interrupt-map-mask", 0, 1), 0x1800);
		assert_int_equal(number(pci, "interrupt-map-mask", 3, 1), 7);
		assert_int_equal(cells_of(pci, "interrupt-map"), 16 * entry);
		for (unsigned int device = 0; device < 32; device++) {
			for (unsigned int pin = 1; pin <= 4; pin++) {
				unsigned int masked = (device << 11) & 0x1800, hits = 0;
				for (int at = 0; at < 16 * entry; at += entry) {
					if (number(pci, "interrupt-map", at, 1) != masked ||
					    number(pci, "interrupt-map", at + 3, 1) != pin)
						continue;
					hits++;
					assert_int_equal(number(pci, "interrupt-map", at + 5, 1),
							 LINE_PCI_INTA + (device + pin - 1) % 4);
				}
				assert_int_equal(hits, 1);
			}
		}
		assert_int_equal(number(pci, "bus-range", 0, 2), 0);
		assert_int_equal(number(pci, "ranges", 0, 1), 0x02000000);
		assert_int_equal(number(pci, "ranges", 1, 2), MAP_PCI_MEM);
		assert_int_equal(number(pci, "ranges", 3, 2), MAP_PCI_MEM);
		assert_int_equal(number(pci, "ranges", 5, 2), MAP_PCI_MEM_LEN);
	}
}

static void no_two_devices_share_addresses(void **state)
{
	struct range {
		uint64_t start, end;
	} ranges[64];

	(void)state;
	for (int aia = 0; aia < 2; aia++) {
		struct board board = sample(aia);
		unsigned int count = 0;
		int child;

		board.virtio_slots = BOARD_VIRTIO_SLOTS;
		board.serials = BOARD_SERIALS;
		board.harts = BOARD_MAX_HARTS;
		build(&board);
		ranges[count++] = (struct range){MAP_PCI_MEM, MAP_PCI_MEM + MAP_PCI_MEM_LEN};
		ranges[count++] = (struct range){MAP_RAM, MAP_RAM + board.ram_size};
		fdt_for_each_subnode(child, blob, node("/soc"))
		{
			const fdt32_t *reg = fdt_getprop(blob, child, "reg", NULL);
			assert_non_null(reg);
			uint64_t start = (uint64_t)fdt32_ld(reg) << 32 | fdt32_ld(reg + 1);
			uint64_t len = (uint64_t)fdt32_ld(reg + 2) << 32 | fdt32_ld(reg + 3);
			assert_true(count < 64);
			ranges[count++] = (struct range){start, start + len};
		}
		for (unsigned int i = 0; i < count; i++) {
			for (unsigned int j = 0; j < i; j++)
				assert_true(ranges[i].end <= ranges[j].start ||
					    ranges[j].end <= ranges[i].start);
		}
	}
}

static void a_blob_too_small_is_an_error_and_not_overrun(void **state)
{
	struct board board = sample(true);

	(void)state;
	build(&board);
	const size_t needed = fdt_totalsize(blob);
	for (size_t size = 0; size < needed; size += 1 + size / 7) {
		uint8_t *small = malloc(size + 1); /* the sanitizer watches its end */
		assert_non_null(small);
		small[size] = '#';
		assert_true(fdt_build(&board, small, size) < 0);
		assert_int_equal(small[size], '#');
		free(small);
	}
}

/* U-Boot adds properties where the blob lies: it must not come to the end of it. */
static void firmware_finds_room_in_the_blob(void **state)
{
	static uint8_t many[4000];
	struct board board = sample(true);

	(void)state;
	build(&board);
	const uint32_t total = fdt_totalsize(blob);
	for (int i = 0; i < 16; i++) {
		char name[32];
		snprintf(name, sizeof(name), "from-firmware-%d", i);
		assert_int_equal(fdt_setprop(blob, node("/chosen"), name, many, sizeof(many)), 0);
	}
	assert_int_equal(fdt_totalsize(blob), total);
	assert_string_equal(string("/chosen", "bootargs"), "console=ttyS0");
}

static void equal_boards_give_equal_blobs(void **state)
{
	static uint8_t other[sizeof(blob)];
	struct board board = sample(true);

	(void)state;
	memset(blob, 0, sizeof(blob));
	memset(other, 0xff, sizeof(other));
	build(&board);
	int len = fdt_build(&board, other, sizeof(other));
	assert_int_equal(len, fdt_totalsize(blob));
	assert_memory_equal(blob, other, (size_t)len);
}

static void dtc_finds_nothing_to_complain_about(void **state)
{
	char path[] = "/tmp/vhart-fdt-XXXXXX", command[128], complaint[512];

	(void)state;
	if (system("dtc --version >/dev/null 2>&1") != 0)
		skip();
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	for (int aia = 0; aia < 2; aia++) {
		struct board board = sample(aia);
		build(&board);
		ssize_t len = (ssize_t)fdt_totalsize(blob);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, blob, (size_t)len, 0), len);
		snprintf(command, sizeof(command), "dtc -I dtb -O dtb -o /dev/null %s 2>&1", path);
		FILE *dtc = popen(command, "r");
		assert_non_null(dtc);
		complaint[fread(complaint, 1, sizeof(complaint) - 1, dtc)] = '\0';
		assert_int_equal(pclose(dtc), 0);
		assert_string_equal(complaint, "");
	}
	close(fd);
	unlink(path);
}

/* How a guest that knows hears of counter overflows: as the manual says. */
static void overflows_have_a_line_or_an_identity(void **state)
{
	struct board board = sample(true);
	const fdt32_t *cells;
	int len;

	(void)state;
	build(&board);
	assert_int_equal(fdt_path_offset(blob, "/pmu"), -FDT_ERR_NOTFOUND);
	board.pmu_wired = true;
	build(&board);
	assert_string_equal(string("/pmu", "compatible"), "vhart,pmu");
	cells = property("/pmu", "interrupts-extended", &len);
	assert_int_equal(len, 4 * 3 * 4);
	assert_int_equal(fdt32_ld(cells + 3 * 3 + 1), LINE_PMU + 3);
	assert_int_equal(fdt32_ld(cells + 3 * 3 + 2), 1);
	board = sample(false);
	board.pmu_wired = true;
	build(&board);
	cells = property("/pmu", "interrupts-extended", &len);
	assert_int_equal(len, 4 * 2 * 4);
	assert_int_equal(fdt32_ld(cells + 2 * 2 + 1), LINE_PMU + 2);
	board = sample(true);
	board.pmu_identity = 255;
	build(&board);
	assert_true(absent("/pmu", "interrupts-extended"));
	cells = property("/pmu", "vhart,overflow-identity", &len);
	assert_int_equal(fdt32_ld(cells), 255);
	assert_false(absent("/pmu", "msi-parent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_harts_are_described),
		cmocka_unit_test(memory_and_what_was_chosen_are_described),
		cmocka_unit_test(what_the_board_lacks_is_not_in_the_tree),
		cmocka_unit_test(with_aia_lines_become_messages_to_the_imsics),
		cmocka_unit_test(without_aia_there_is_a_plic_and_no_msi),
		cmocka_unit_test(devices_have_their_registers_and_lines),
		cmocka_unit_test(further_serial_ports_have_numbers_registers_and_lines),
		cmocka_unit_test(pci_pins_are_swizzled_over_four_lines),
		cmocka_unit_test(no_two_devices_share_addresses),
		cmocka_unit_test(a_blob_too_small_is_an_error_and_not_overrun),
		cmocka_unit_test(firmware_finds_room_in_the_blob),
		cmocka_unit_test(equal_boards_give_equal_blobs),
		cmocka_unit_test(dtc_finds_nothing_to_complain_about),
		cmocka_unit_test(overflows_have_a_line_or_an_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
