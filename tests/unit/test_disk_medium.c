/* SPDX-License-Identifier: Apache-2.0 */
/* What qemu-storage-daemon is told of a disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "vmm/run/disk_medium.h"

#define FLAGS(read_only, direct)                                                                   \
	",read-only=" read_only ",cache.direct=" direct ",discard=unmap,node-name=disk"

static void each_kind_of_medium(void **state)
{
	static const struct {
		struct config_disk disk;
		bool device;
		const char *expected;
	} rows[] = {
		{{.path = "a b", .format = "qcow2"},
		 false,
		 "driver=qcow2,file.driver=file,file.filename=a b" FLAGS("off", "off")},
		{{.path = "/dev/x", .format = "qcow2", .read_only = true, .direct = true},
		 true,
		 "driver=qcow2,file.driver=host_device,file.filename=/dev/x" FLAGS("on", "on")},
		{{.path = "nbd://[::1]:7/a%2cb", .on_server = true},
		 false,
		 "driver=nbd,export=a,,b,server.type=inet,server.host=::1,server.port=7" FLAGS(
			 "off", "off")},
		{{.path = "nbd+unix:///?socket=/s", .on_server = true, .format = "vmdk"},
		 false,
		 "driver=vmdk,file.driver=nbd,file.server.type=unix,file.server.path=/s" FLAGS(
			 "off", "off")},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(disk_medium(&rows[i].disk, rows[i].device, text, sizeof(text)));
		assert_string_equal(text, rows[i].expected);
		/* All of it, or nothing is started. */
		assert_true(disk_medium(&rows[i].disk, rows[i].device, text, strlen(text) + 1));
		for (size_t room = 1; room <= strlen(rows[i].expected); room++)
			assert_false(disk_medium(&rows[i].disk, rows[i].device, text, room));
	}
}

/* No value becomes a key of its own, whatever is in it. */
static void a_comma_stays_in_its_value(void **state)
{
	const struct config_disk disk = {.path = "a,driver=file,,b", .format = "qcow2"};
	char text[512];

	(void)state;
	assert_true(disk_medium(&disk, false, text, sizeof(text)));
	assert_non_null(strstr(text, "filename=a,,driver=file,,,,b,read-only"));
}

static void the_export_has_a_queue_for_each_hart(void **state)
{
	struct config_disk disk = {.path = "a"};
	char text[512];

	(void)state;
	assert_true(disk_export(&disk, 4, text, sizeof(text)));
	assert_string_equal(text, "type=vhost-user-blk,id=export,addr.type=fd,addr.str=3,"
				  "writable=on,num-queues=4,node-name=disk");
	disk.read_only = true;
	assert_true(disk_export(&disk, 128, text, sizeof(text)));
	assert_non_null(strstr(text, "writable=off,num-queues=16,"));
	assert_false(disk_export(&disk, 1, text, 40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_medium),
		cmocka_unit_test(a_comma_stays_in_its_value),
		cmocka_unit_test(the_export_has_a_queue_for_each_hart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
