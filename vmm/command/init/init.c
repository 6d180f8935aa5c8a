/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/command/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sys/mman.h>

#include "vmm/command/init/system.h"

static const char words_path[] = "/" COMMAND_WORDS_PATH;

/* The words of CMD, in memory; *LEN is 0 where they cannot be had. */
static const char *read_words(size_t *len)
{
	int fd = sys_open(words_path, O_RDONLY);
	long size = fd < 0 ? 0 : CALL3(SYS_lseek, fd, 0, 2 /* SEEK_END */);
	void *bytes;

	*len = 0;
	if (size <= 0)
		return NULL;
	/* One byte more, which is 0: the last word ends there at the latest. */
	bytes = (void *)CALL6(SYS_mmap, 0, size + 1, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((long)bytes < 0 && (long)bytes > -4096)
		return NULL;
	CALL3(SYS_lseek, fd, 0, 0);
	while (*len < (size_t)size) {
		long got = sys_read(fd, (char *)bytes + *len, (size_t)size - *len);
		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	sys_close(fd);
	return bytes;
}

static void power_off(void)
{
	for (;;) {
		CALL4(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		      LINUX_REBOOT_CMD_POWER_OFF, NULL);
		sys_sleep_ms(100);
	}
}

/* vhart shows the last lines of the console when CMD did not end. */
static void fail(const char *why)
{
	static const char prefix[] = "vhart-init: ";
	int fd = sys_open("/dev/console", O_WRONLY | O_NOCTTY);

	sys_write(fd, prefix, sizeof(prefix) - 1);
	sys_write(fd, why, strlen(why));
	sys_write(fd, "\n", 1);
	power_off();
}

static void say(int control, struct command_message message)
{
	sys_write(control, &message, sizeof(message));
}

/* What vhart put into the initrd goes, before that is left. */
static void remove_own_files(void)
{
	CALL3(SYS_unlinkat, AT_FDCWD, "/" COMMAND_INIT_PATH, 0);
	CALL3(SYS_unlinkat, AT_FDCWD, words_path, 0);
}

static struct command_message run(const int ports[COMMAND_PORTS], const struct spawned *spawned)
{
	if (spawned->failed)
		return (struct command_message){COMMAND_NOT_RUN, spawned->failed};
	say(ports[COMMAND_CONTROL], (struct command_message){COMMAND_STARTED, 0});
	return relay(ports, spawned);
}

void init_main(void) __attribute__((noreturn));
void init_main(void)
{
	static char extracts[COMMAND_FILES_MAX * 4096];
	const struct command_root *root;
	int ports[COMMAND_PORTS];
	const char *why, *words;
	size_t len, extracts_len;

	prepare_mounts();
	modules_load();
	if (!ports_open(ports, &why))
		fail(why);
	root = root_wanted();
	words = read_words(&len);
	extracts_len = extracts_wanted(extracts, sizeof(extracts) - 1);
	remove_own_files();
	if (!len)
		fail("the words of CMD cannot be read");
	if (root) {
		why = root_enter();
		if (why)
			fail(why);
		prepare_mounts();
	}
	prepare_rest();
	struct spawned spawned = spawn(words, len, root);
	struct command_message end = run(ports, &spawned);
	CALL0(SYS_sync);
	extracts_send(ports[COMMAND_FILES], extracts, extracts_len);
	say(ports[COMMAND_CONTROL], end);
	/* vhart ends the machine once the output has been taken. */
	for (;;)
		sys_sleep_ms(999);
}
