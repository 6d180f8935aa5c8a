/* SPDX-License-Identifier: Apache-2.0 */
/* The init and the words of CMD, in an initrd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/boot/cpio.h"
#include "vmm/command/command.h"
#include "vmm/command/protocol.h"
#include "vmm/command/root.h"
#include "vmm/config.h"

static const uint8_t guest_init[] = {
#include "vmm/command/init/guest_init.inc"
};

static bool make_words(char **command, unsigned int count, struct blob *words)
{
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++)
		len += strlen(command[i]) + 1;
	*words = (struct blob){malloc(len), len};
	if (!words->bytes)
		return false;
	len = 0;
	for (unsigned int i = 0; i < count; i++) {
		memcpy(words->bytes + len, command[i], strlen(command[i]) + 1);
		len += strlen(command[i]) + 1;
	}
	return true;
}

/* The paths of --extract, as the words are. */
static bool append_extracts(const struct config *config, struct blob *front)
{
	char *paths[CONFIG_MAX_EXTRACTS];
	struct blob list = {0};
	bool good;

	if (!config->extract_count)
		return true;
	for (unsigned int i = 0; i < config->extract_count; i++)
		paths[i] = (char *)(uintptr_t)config->extracts[i].guest_path;
	good = make_words(paths, config->extract_count, &list) &&
	       cpio_append(front, COMMAND_EXTRACTS_PATH, 0, 0600, &list);
	blob_free(&list);
	return good;
}

static bool append(struct blob *to, const struct blob *from)
{
	uint8_t *bytes = realloc(to->bytes, to->len + from->len + 1);

	if (!bytes)
		return false;
	to->bytes = bytes;
	if (from->len)
		memcpy(bytes + to->len, from->bytes, from->len);
	to->len += from->len;
	return true;
}

/*
 * In front: what Linux cannot read further down, or has read otherwise than vhart would, does not
 * matter to it then. The archive's length is a multiple of 4, as the next one needs it.
 */
bool guest_command_into_initrd(const struct config *config, const struct blob *kernel,
			       struct blob *initrd)
{
	uint8_t *init_bytes = malloc(sizeof(guest_init));
	const struct blob init = {init_bytes, sizeof(guest_init)};
	struct blob words = {0}, front = {0};
	bool good = init_bytes && make_words(config->command, config->command_words, &words);

	if (config->root && !guest_root_append(config, kernel, &front)) {
		free(init_bytes);
		blob_free(&words);
		blob_free(&front);
		return false;
	}
	if (good) {
		memcpy(init_bytes, guest_init, sizeof(guest_init));
		good = cpio_append(&front, COMMAND_INIT_PATH, 0, 0755, &init) &&
		       cpio_append(&front, COMMAND_WORDS_PATH, 0, 0600, &words) &&
		       append_extracts(config, &front) && append(&front, initrd);
	}
	free(init_bytes);
	blob_free(&words);
	if (!good) {
		error("-- %s: no memory for the initrd", config->command[0]);
		blob_free(&front);
		return false;
	}
	blob_free(initrd);
	*initrd = front;
	return true;
}
