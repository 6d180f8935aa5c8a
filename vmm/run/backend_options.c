/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/backend_options.h"

#include <string.h>

#include "devices/vhost_device.h"
#include "vmm/command/protocol.h"
#include "vmm/run/disk_options.h"
#include "vmm/run/net_options.h"

_Static_assert(CONFIG_MAX_BACKENDS == 16 && VHOST_TAG_MAX == 36, "messages have the numbers");

/* The next free one, of TYPE; NULL: there is none. */
static struct config_backend *next_backend(struct config *config, const char *type)
{
	struct config_backend *backend = &config->backends[config->backend_count];

	if (config->backend_count == CONFIG_MAX_BACKENDS)
		return NULL;
	*backend = (struct config_backend){.type = type};
	return backend;
}

static const char too_many[] =
	"there are 16 shares and vhost-user devices already, and no more can be";

/* What may stand behind the first comma. */
struct word {
	const char *begins; /* "ro", or "tag=" with a text behind it */
	/* Stores the text. NULL, or what was expected. */
	const char *(*take)(struct config_backend *backend, const char *text);
};

static const char *take_tag(struct config_backend *backend, const char *text)
{
	const size_t len = strlen(text);

	if (strcmp(backend->type, "fs") != 0)
		return "only a file system (fs) has a tag";
	if (backend->tag || len < 1 || len > VHOST_TAG_MAX)
		return "expected a tag of 1 to 36 characters";
	backend->tag = text;
	return NULL;
}

static const char *take_mac(struct config_backend *backend, const char *text)
{
	static const uint8_t none[6];

	if (strcmp(backend->type, "net") != 0 || memcmp(backend->mac, none, sizeof(none)) != 0)
		return "only a network card (net) has a MAC, and one of them";
	return net_option_mac(text, backend->mac);
}

static const char share_expected[] =
	"expected DIR[,tag=T][,ro]; a comma in a folder's name is not supported";
static const char vhost_user_expected[] =
	"expected TYPE,socket=PATH[,tag=T][,mac=M], where TYPE is fs, blk or net";

static const char *take_read_only(struct config_backend *backend, const char *text)
{
	if (*text || backend->read_only)
		return share_expected;
	backend->read_only = true;
	return NULL;
}

static const char *take_socket(struct config_backend *backend, const char *text)
{
	if (!*text || backend->socket)
		return vhost_user_expected;
	backend->socket = text;
	return NULL;
}

/* The words of REST, each by its row of WORDS, which end with NULL. */
static const char *take_words(struct config_backend *backend, char *rest, const struct word *words,
			      const char *expected)
{
	const char *wrong = NULL;

	for (char *part = strsep(&rest, ","); part && !wrong; part = strsep(&rest, ",")) {
		const struct word *word = words;

		while (word->begins && strncmp(part, word->begins, strlen(word->begins)) != 0)
			word++;
		wrong = word->begins ? word->take(backend, part + strlen(word->begins)) : expected;
	}
	return wrong;
}

const char *backend_option_share(char *value, void *target)
{
	static const struct word words[] = {
		{"tag=", take_tag}, {"ro", take_read_only}, {NULL, NULL}};
	struct config *config = target;
	struct config_backend *backend = next_backend(config, "fs");
	const char *wrong;

	if (!backend)
		return too_many;
	backend->share = strsep(&value, ",");
	if (!*backend->share)
		return share_expected;
	wrong = take_words(backend, value, words, share_expected);
	config->backend_count += !wrong;
	return wrong;
}

const char *backend_option_vhost_user(char *value, void *target)
{
	static const struct word words[] = {
		{"socket=", take_socket}, {"tag=", take_tag}, {"mac=", take_mac}, {NULL, NULL}};
	struct config *config = target;
	struct config_backend *backend = next_backend(config, strsep(&value, ","));
	const char *wrong;

	if (!backend)
		return too_many;
	if (!vhost_user_type_find(backend->type))
		return vhost_user_expected;
	wrong = take_words(backend, value, words, vhost_user_expected);
	if (!wrong && !backend->socket)
		wrong = vhost_user_expected;
	config->backend_count += !wrong;
	return wrong;
}

const char *backend_options_add_disks(struct config *config)
{
	for (unsigned int i = 0; i < config->disk_count; i++) {
		struct config_backend *backend;

		if (!disk_option_is_served(&config->disks[i]))
			continue;
		backend = next_backend(config, "blk");
		if (!backend)
			return "a disk that is not raw takes the place of one of the 16 shares and "
			       "vhost-user devices: leave one out";
		backend->index = i;
		config->backend_count++;
	}
	return NULL;
}

const char *backend_options_add_root(struct config *config)
{
	struct config_backend *backend = next_backend(config, "fs");

	if (!backend)
		return "--root takes the place of one of the 16 shares and vhost-user devices: "
		       "leave one out";
	backend->share = config->root;
	backend->tag = COMMAND_ROOT_TAG;
	backend->read_only = backend->root = true;
	config->backend_count++;
	return NULL;
}

const char *backend_options_add_passt(struct config *config)
{
	for (unsigned int i = 0; i < config->net_count; i++) {
		struct config_backend *backend = next_backend(config, "net");

		if (!config->nets[i].passt)
			continue;
		if (!backend)
			return "--net passt takes the place of one of the 16 shares and vhost-user "
			       "devices: leave one out";
		backend->index = i;
		memcpy(backend->mac, config->nets[i].mac, sizeof(backend->mac));
		config->backend_count++;
	}
	return NULL;
}

/* ---- all of them ---- */

void backend_options_name(struct config *config)
{
	/* Constants, as other tags are words of the command line. */
	static const char *const names[CONFIG_MAX_BACKENDS] = {
		"share0",  "share1",  "share2",	 "share3", "share4",  "share5",
		"share6",  "share7",  "share8",	 "share9", "share10", "share11",
		"share12", "share13", "share14", "share15"};
	unsigned int next = 0;

	for (unsigned int i = 0; i < config->backend_count; i++)
		if (!strcmp(config->backends[i].type, "fs") && !config->backends[i].tag)
			config->backends[i].tag = names[next++];
}

const char *backend_options_contradiction(const struct config *config)
{
	for (unsigned int i = 1; i < config->backend_count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (config->backends[i].tag && config->backends[j].tag &&
			    !strcmp(config->backends[i].tag, config->backends[j].tag))
				return "two file systems have one tag, by which the guest mounts "
				       "them: give each its own: --share DIR,tag=T";
	return NULL;
}
