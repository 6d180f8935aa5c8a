/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/inject.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "vmm/boot/cpio.h"
#include "vmm/boot/initrd.h"

#define INJECT_LIMIT (256ull << 20)

static bool in_a_folder(const struct config_inject *inject)
{
	return strchr(inject->guest_path + 1, '/') != NULL;
}

/*
 * What is in the initrd, so that what is there stays as it is. Where that cannot be seen, a file in
 * a folder is refused: written anew, the folder would take the place of a link or lose its mode;
 * not written, the file would be lost where it is missing.
 */
static bool look_into(const struct config *config, const struct blob *blob, struct initrd *initrd)
{
	char why[IMAGE_MESSAGE_MAX];
	enum initrd_reading reading = initrd_read(initrd, blob, config->memory, why);

	if (reading == INITRD_BROKEN) {
		error("--inject: --initrd %s %s: Linux reads no further, and would not see the "
		      "file",
		      config->initrd, why);
		return false;
	}
	for (unsigned int i = 0; reading == INITRD_OPAQUE && i < config->inject_count; i++) {
		const struct config_inject *inject = &config->injects[i];
		if (!in_a_folder(inject))
			continue;
		error("--inject %s:%s: its folder cannot be looked for: --initrd %s %s; give an "
		      "initrd that is packed otherwise, with gzip for instance, or inject into /",
		      inject->host_path, inject->guest_path, config->initrd, why);
		return false;
	}
	return true;
}

static bool inject(const struct config_inject *inject, struct kept_file *kept,
		   struct initrd *initrd, struct blob *blob)
{
	struct blob contents = {0};
	char why[IMAGE_MESSAGE_MAX];
	struct initrd_place place;

	if (!initrd_place(initrd, inject->guest_path, &place, why)) {
		error("--inject %s:%s: in the guest, %s %s", inject->host_path, inject->guest_path,
		      inject->guest_path, why);
		return false;
	}
	if (!kept_file_load(kept, "--inject", inject->host_path, INJECT_LIMIT, NULL, &contents))
		return false;
	/* Injected files are mostly scripts: a file that is executable here is so there. */
	unsigned int mode = kept->first.st_mode & 0111 ? 0755 : 0644;
	bool good = cpio_append(blob, place.path, place.there, mode, &contents);
	if (!good)
		error("--inject %s: '%s' is not a path for a file in the guest", inject->host_path,
		      inject->guest_path);
	blob_free(&contents);
	return good;
}

/* Takes the last LEN bytes off BLOB. */
static bool cut_tail(struct blob *blob, size_t len, struct blob *tail)
{
	*tail = (struct blob){malloc(len + 1), len};
	if (!tail->bytes) {
		error("--inject: out of memory");
		return false;
	}
	if (len)
		memcpy(tail->bytes, blob->bytes + blob->len - len, len);
	blob->len -= len;
	return true;
}

static bool put_tail(struct blob *blob, const struct blob *tail)
{
	uint8_t *bytes = realloc(blob->bytes, blob->len + tail->len + 1);

	if (!bytes) {
		error("--inject: out of memory");
		return false;
	}
	if (tail->len)
		memcpy(bytes + blob->len, tail->bytes, tail->len);
	blob->bytes = bytes;
	blob->len += tail->len;
	return true;
}

bool inject_files(const struct config *config, struct kept_file kept[CONFIG_MAX_INJECTS],
		  struct blob *blob)
{
	struct initrd *initrd;
	struct blob tail;

	if (!config->inject_count)
		return true;
	/* Linux looks for a bootconfig at the end of the initrd. */
	if (!cut_tail(blob, initrd_bootconfig(blob), &tail))
		return false;
	initrd = initrd_new();
	bool good = initrd && look_into(config, blob, initrd);
	for (unsigned int i = 0; good && i < config->inject_count; i++)
		good = inject(&config->injects[i], &kept[i], initrd, blob);
	good = good && put_tail(blob, &tail);
	initrd_free(initrd);
	blob_free(&tail);
	return good;
}
