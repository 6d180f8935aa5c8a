/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "vmm/boot/modules.h"

static struct module_list list;

static const char *add(const char *text, const char *name)
{
	const struct blob dep = {(uint8_t *)(uintptr_t)text, strlen(text)};

	return modules_add(&list, &dep, name);
}

static void assert_listed(const char *expected)
{
	char text[4096] = "";

	for (unsigned int i = 0; i < list.count; i++) {
		strcat(text, list.paths[i]);
		strcat(text, " ");
	}
	assert_string_equal(text, expected);
}

static void each_module_stands_behind_what_it_needs(void **state)
{
	static const char dep[] = "kernel/fs/overlayfs/overlay.ko.xz:\n"
				  "kernel/fs/fuse/fuse.ko.xz:\n"
				  "kernel/fs/fuse/virtiofs.ko.xz: kernel/fs/fuse/fuse.ko.xz "
				  "kernel/drivers/virtio_ring.ko.xz kernel/drivers/virtio.ko.xz\n"
				  "kernel/drivers/virtio-console.ko: kernel/drivers/virtio.ko.xz";

	(void)state;
	list.count = 0;
	assert_null(add(dep, "virtiofs"));
	assert_null(add(dep, "virtio_console"));
	assert_null(add(dep, "overlay"));
	assert_null(add(dep, "overlay"));
	assert_listed("kernel/drivers/virtio.ko.xz kernel/drivers/virtio_ring.ko.xz "
		      "kernel/fs/fuse/fuse.ko.xz kernel/fs/fuse/virtiofs.ko.xz "
		      "kernel/drivers/virtio-console.ko kernel/fs/overlayfs/overlay.ko.xz ");
}

static void what_is_not_listed_is_built_in(void **state)
{
	(void)state;
	list.count = 0;
	assert_null(add("a/virtiofs2.ko: b.ko\na/virtio.ko:\na/fs.ko:\nvirtiofs.txt:\nvirtiofs\n",
			"virtiofs"));
	assert_null(add("", "virtiofs"));
	assert_listed("");
}

static void no_path_leads_out_of_the_folder(void **state)
{
	static const char *const bad[] = {
		"/lib/overlay.ko:",	    "../overlay.ko:",	      "a/../../overlay.ko:",
		"overlay.ko: ../../secret", "overlay.ko: /secret",    "overlay.ko: a/..",
		"overlay.ko: a//b",	    "overlay.ko: fine.ko ..",
	};
	char line[MODULES_PATH_MAX + 32];

	(void)state;
	list.count = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(add(bad[i], "overlay"));
	snprintf(line, sizeof(line), "%0*d/overlay.ko:", (int)MODULES_PATH_MAX, 0);
	assert_non_null(add(line, "overlay"));
	assert_listed("");
	assert_null(add("..a/overlay.ko: b..", "overlay"));
	assert_listed("b.. ..a/overlay.ko ");
}

static void a_module_that_needs_too_many_is_refused_whole(void **state)
{
	char line[4096] = "overlay.ko:";

	(void)state;
	list.count = 0;
	for (unsigned int i = 0; i < MODULES_MOST; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " m%u", i);
	assert_non_null(add(line, "overlay"));
	assert_listed("");
	strcat(line, " more");
	assert_non_null(add(line, "overlay"));
}

static bool version_of(const char *bytes, size_t len, char *version)
{
	const struct blob kernel = {(uint8_t *)(uintptr_t)bytes, len};

	return kernel_version(&kernel, version);
}
#define VERSION_OF(bytes, version) version_of(bytes, sizeof(bytes) - 1, version)

static void the_version_is_that_of_the_banner(void **state)
{
	char version[KERNEL_VERSION_MAX];

	(void)state;
	assert_true(VERSION_OF("..\0Linux version %s (\0Linux version 6.12.117+deb13-riscv64 (x@y)",
			       version));
	assert_string_equal(version, "6.12.117+deb13-riscv64");
	assert_false(VERSION_OF("Linux version ../../etc (x)", version));
	assert_false(VERSION_OF("Linux version 6/../../etc (x)", version));
	assert_false(VERSION_OF("Linux version 6.12", version));
	assert_false(VERSION_OF("Linux version ", version));
	assert_false(VERSION_OF("Linux version 1234567890123456789012345678901234567890"
				"1234567890123456789012345 (x)",
				version));
	assert_true(VERSION_OF("Linux version 1234567890123456789012345678901234567890"
			       "123456789012345678901234 (x)",
			       version));
	assert_int_equal(strlen(version), 64);
	assert_false(VERSION_OF("", version));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_module_stands_behind_what_it_needs),
		cmocka_unit_test(what_is_not_listed_is_built_in),
		cmocka_unit_test(no_path_leads_out_of_the_folder),
		cmocka_unit_test(a_module_that_needs_too_many_is_refused_whole),
		cmocka_unit_test(the_version_is_that_of_the_banner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
