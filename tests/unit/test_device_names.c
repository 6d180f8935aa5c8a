/* SPDX-License-Identifier: Apache-2.0 */
/* Names of guest physical addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/board.h"
#include "trace/names/device_names.h"

static const char *name_of(uint64_t address)
{
	static char name[64];

	return device_name(address, name, sizeof(name)) ? name : "";
}

static void registers_have_the_names_of_their_data_sheets(void **state)
{
	(void)state;
	assert_string_equal(name_of(MAP_UART), "uart+0x0 (RBR/THR)");
	assert_string_equal(name_of(MAP_UART + 5), "uart+0x5 (LSR)");
	assert_string_equal(name_of(MAP_SERIAL + 3 * MAP_SERIAL_STRIDE + 5), "serial3+0x5 (LSR)");
	assert_string_equal(name_of(MAP_FINISHER + 4), "test+0x4 (STATUS)");
	assert_string_equal(name_of(MAP_RTC + 0x1C), "rtc+0x1c (CLEAR_INTERRUPT)");
	assert_string_equal(name_of(MAP_VIRTIO + 0x70), "virtio-mmio0+0x70 (Status)");
	assert_string_equal(name_of(MAP_VIRTIO + 2 * MAP_VIRTIO_STRIDE + 0x50),
			    "virtio-mmio2+0x50 (QueueNotify)");
}

static void what_has_no_name_has_an_offset(void **state)
{
	(void)state;
	assert_string_equal(name_of(MAP_UART + 8), "uart+0x8");
	assert_string_equal(name_of(MAP_VIRTIO + 0x104), "virtio-mmio0+0x104");
	assert_string_equal(name_of(MAP_PCI_MEM + 0x1000), "pci+0x1000");
}

static void ram_and_holes_have_none(void **state)
{
	char name[4];

	(void)state;
	assert_string_equal(name_of(0x80000000), "");
	assert_string_equal(name_of(0x10000), "");
	assert_string_equal(name_of(UINT64_MAX), "");
	/* Too small a buffer gets what fits. */
	assert_true(device_name(MAP_UART, name, sizeof(name)));
	assert_string_equal(name, "uar");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_have_the_names_of_their_data_sheets),
		cmocka_unit_test(what_has_no_name_has_an_offset),
		cmocka_unit_test(ram_and_holes_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
