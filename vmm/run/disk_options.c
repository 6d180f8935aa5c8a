/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/disk_options.h"

#include <string.h>
#include <strings.h>

#include "base/option_spec.h"
#include "devices/disk_format.h"
#include "vmm/run/nbd_url.h"

#define SERIAL_MAX 20 /* virtio 1.2, 5.2.6.1: the ID string of a block device */

_Static_assert(CONFIG_MAX_DISKS == 16, "a message has the number");

static const char expected[] = "expected FILE[,ro][,direct][,format=F][,share-rw=on][,serial=S]; "
			       "a comma in a file's name is not supported";

/* ---- words behind the first comma ---- */

static const char *take_read_only(struct config_disk *disk, const char *text)
{
	if (*text || disk->read_only)
		return expected;
	disk->read_only = true;
	return NULL;
}

static const char *take_direct(struct config_disk *disk, const char *text)
{
	if (*text || disk->direct)
		return expected;
	disk->direct = true;
	return NULL;
}

/* "raw" is another word for format=raw. */
static const char *take_raw(struct config_disk *disk, const char *text)
{
	if (*text || disk->raw || disk->format)
		return expected;
	disk->raw = true;
	return NULL;
}

static const char *take_format(struct config_disk *disk, const char *text)
{
	if (!strcmp(text, "raw"))
		return take_raw(disk, "");
	if (disk->raw || disk->format)
		return expected;
	disk->format = disk_format_word(text);
	return disk->format ? NULL
			    : "expected format=raw, qcow2, qcow, qed, vmdk, vdi, vhdx, vpc or "
			      "parallels";
}

static const char *take_share(struct config_disk *disk, const char *text)
{
	if (disk->share_rw || (strcmp(text, "on") != 0 && strcmp(text, "off") != 0))
		return "expected share-rw=on, or off";
	disk->share_rw = !strcmp(text, "on");
	return NULL;
}

static const char *take_serial(struct config_disk *disk, const char *text)
{
	if (disk->serial)
		return expected;
	if (!*text || strlen(text) > SERIAL_MAX)
		return "expected a serial of 1 to 20 characters";
	disk->serial = text;
	return NULL;
}

static const struct {
	const char *begins; /* "ro", or "serial=" with a text behind it */
	/* Stores the text. NULL, or what was expected. */
	const char *(*take)(struct config_disk *disk, const char *text);
} words[] = {
	{"ro", take_read_only},	  {"direct", take_direct},   {"raw", take_raw},
	{"format=", take_format}, {"share-rw=", take_share}, {"serial=", take_serial},
};

static const char *take_word(struct config_disk *disk, const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t len = strlen(words[i].begins);

		if (!strncmp(word, words[i].begins, len))
			return words[i].take(disk, word + len);
	}
	return expected;
}

/* ---- the whole ---- */

/*
 * The name is the user's, and the contents are the guest's: a guest that may write to a raw disk
 * must not make another format of it, which can name files of the host.
 */
static const char *format_of_name(const char *path)
{
	static const struct {
		const char *end, *format;
	} names[] = {
		{".qcow2", "qcow2"}, {".qed", "qed"},	{".vmdk", "vmdk"},
		{".vdi", "vdi"},     {".vhdx", "vhdx"}, {".vhd", "vpc"},
	};
	const size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const size_t end = strlen(names[i].end);

		if (len > end && !strcasecmp(path + len - end, names[i].end))
			return disk_format_word(names[i].format);
	}
	return NULL;
}

static const char *look(struct config_disk *disk)
{
	struct nbd_url url;

	disk->on_server = option_is_url(disk->path);
	if (disk->on_server)
		return nbd_url_parse(disk->path, &url);
	if (!disk->raw && !disk->format) {
		disk->format = format_of_name(disk->path);
		disk->by_name = disk->format != NULL;
	}
	return NULL;
}

/* What another process's disk has not. */
static const char *contradiction(const struct config_disk *disk)
{
	if (!disk_option_is_served(disk))
		return NULL;
	if (disk->serial)
		return "only a raw disk on this host can be given a serial";
	if (disk->share_rw)
		return "only a raw disk on this host can be written to by several";
	return NULL;
}

bool disk_option_is_served(const struct config_disk *disk)
{
	return disk->format || disk->on_server;
}

const char *disk_option(char *value, void *target)
{
	struct config *config = target;
	struct config_disk *disk = &config->disks[config->disk_count];
	const char *wrong = NULL;

	if (config->disk_count == CONFIG_MAX_DISKS)
		return "there are 16 disks already, and no more can be";
	*disk = (struct config_disk){.path = strsep(&value, ",")};
	if (!*disk->path)
		return expected;
	for (char *word = strsep(&value, ","); word && !wrong; word = strsep(&value, ","))
		wrong = take_word(disk, word);
	if (!wrong)
		wrong = look(disk);
	if (!wrong)
		wrong = contradiction(disk);
	config->disk_count += !wrong;
	return wrong;
}
