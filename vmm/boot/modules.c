/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/modules.h"

#include <string.h>

/* A part of the text. */
struct piece {
	const char *text;
	size_t len;
};

/* The next word of LINE, which begins behind it then; of no length: there is none. */
static struct piece next_word(struct piece *line)
{
	struct piece word;

	while (line->len && (*line->text == ' ' || *line->text == '\t')) {
		line->text++;
		line->len--;
	}
	word = (struct piece){line->text, 0};
	while (word.len < line->len && word.text[word.len] != ' ' && word.text[word.len] != '\t')
		word.len++;
	line->text += word.len;
	line->len -= word.len;
	return word;
}

/* The next line of TEXT, which begins behind it then. False: there is none. */
static bool next_line(struct piece *text, struct piece *line)
{
	const char *end;
	size_t taken;

	if (!text->len)
		return false;
	end = memchr(text->text, '\n', text->len);
	*line = (struct piece){text->text, end ? (size_t)(end - text->text) : text->len};
	taken = line->len + (end != NULL);
	text->text += taken;
	text->len -= taken;
	return true;
}

/* Whether PATH is that of the module NAME: file names have dashes where modules have underscores.
 */
static bool is_module(struct piece path, const char *name)
{
	const char *slash = memrchr(path.text, '/', path.len);
	size_t at = slash ? (size_t)(slash - path.text) + 1 : 0;

	for (; at < path.len && path.text[at] != '.'; at++, name++)
		if (!*name || (path.text[at] == '-' ? '_' : path.text[at]) != *name)
			return false;
	return !*name && path.len - at >= 3 && !memcmp(path.text + at, ".ko", 3);
}

/* A path leads nowhere but below the folder: the file becomes the guest's to see. */
static bool is_below(struct piece path)
{
	size_t part = 0;

	if (!path.len || path.len >= MODULES_PATH_MAX || memchr(path.text, '\0', path.len))
		return false;
	for (size_t at = 0; at <= path.len; at++) {
		if (at < path.len && path.text[at] != '/')
			continue;
		if (at == part || (at - part == 2 && !memcmp(path.text + part, "..", 2)))
			return false;
		part = at + 1;
	}
	return true;
}

static bool has(const struct module_list *list, struct piece path)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (strlen(list->paths[i]) == path.len &&
		    !memcmp(list->paths[i], path.text, path.len))
			return true;
	return false;
}

static const char *add_path(struct module_list *list, struct piece path)
{
	if (!is_below(path))
		return "has a path that leads out of its folder, or a very long one";
	if (has(list, path))
		return NULL;
	if (list->count == MODULES_MOST)
		return "has more than 64 modules that one module needs";
	memcpy(list->paths[list->count], path.text, path.len);
	list->paths[list->count++][path.len] = '\0';
	return NULL;
}

/* depmod's line has all that a module needs; what is further right is to be loaded earlier. */
static const char *add_line(struct module_list *list, struct piece path, struct piece needs)
{
	struct piece words[MODULES_MOST];
	unsigned int count = 0;
	const char *wrong = NULL;

	for (struct piece word = next_word(&needs); word.len; word = next_word(&needs)) {
		if (count == MODULES_MOST)
			return "has more than 64 modules that one module needs";
		words[count++] = word;
	}
	while (count && !wrong)
		wrong = add_path(list, words[--count]);
	return wrong ? wrong : add_path(list, path);
}

const char *modules_add(struct module_list *list, const struct blob *dep, const char *name)
{
	struct piece text = {(const char *)dep->bytes, dep->len}, line;
	const unsigned int before = list->count;

	while (next_line(&text, &line)) {
		const char *colon = memchr(line.text, ':', line.len), *wrong;
		struct piece path, needs;

		if (!colon)
			continue;
		path = (struct piece){line.text, (size_t)(colon - line.text)};
		needs = (struct piece){colon + 1, line.len - path.len - 1};
		if (!is_module(path, name))
			continue;
		wrong = add_line(list, path, needs);
		if (wrong)
			list->count = before;
		return wrong;
	}
	return NULL;
}

bool kernel_version(const struct blob *kernel, char version[KERNEL_VERSION_MAX])
{
	static const char banner[] = "Linux version ";
	static const char usable[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789.+_~-";
	const uint8_t *at = kernel->bytes, *end = kernel->bytes + kernel->len;

	while (at && at < end && (at = memmem(at, (size_t)(end - at), banner, strlen(banner)))) {
		size_t len = 0;

		at += strlen(banner);
		while (at + len < end && at[len] && strchr(usable, at[len]) &&
		       len < KERNEL_VERSION_MAX)
			len++;
		if (at + len == end || at[len] != ' ' || len >= KERNEL_VERSION_MAX || len == 0 ||
		    at[0] < '0' || at[0] > '9')
			continue;
		memcpy(version, at, len);
		version[len] = '\0';
		return true;
	}
	return false;
}
