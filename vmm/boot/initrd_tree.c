/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/boot/initrd_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/image_formats.h"

enum { LINKS_MOST = 40 /* as many as Linux follows */, BUCKETS_LEAST = 256 };

/* A name. Its path has no link in it, and no slash before or behind it. */
struct node {
	struct node *next; /* in its bucket */
	struct node *above;
	uint32_t hash;
	uint32_t below; /* how many names a folder has */
	bool gone;	/* removed, and not made again yet */
	enum initrd_kind kind;
	char *target;
	char path[];
};

struct initrd {
	struct node **buckets;
	size_t bucket_count, node_count;
};

struct initrd *initrd_new(void)
{
	struct initrd *initrd = calloc(1, sizeof(*initrd));

	if (!initrd)
		return NULL;
	initrd->bucket_count = BUCKETS_LEAST;
	initrd->buckets = calloc(initrd->bucket_count, sizeof(*initrd->buckets));
	if (!initrd->buckets) {
		free(initrd);
		return NULL;
	}
	return initrd;
}

void initrd_free(struct initrd *initrd)
{
	for (size_t i = 0; initrd && i < initrd->bucket_count; i++) {
		while (initrd->buckets[i]) {
			struct node *node = initrd->buckets[i];
			initrd->buckets[i] = node->next;
			free(node->target);
			free(node);
		}
	}
	if (initrd)
		free(initrd->buckets);
	free(initrd);
}

/* FNV-1a. */
static uint32_t hash_of(const char *path)
{
	uint32_t hash = 2166136261u;

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * 16777619u;
	return hash;
}

static struct node **bucket_of(const struct initrd *initrd, uint32_t hash)
{
	return &initrd->buckets[hash % initrd->bucket_count];
}

static struct node *find_any(const struct initrd *initrd, const char *path)
{
	const uint32_t hash = hash_of(path);
	struct node *node = *bucket_of(initrd, hash);

	while (node && (node->hash != hash || strcmp(node->path, path) != 0))
		node = node->next;
	return node;
}

static struct node *find(const struct initrd *initrd, const char *path)
{
	struct node *node = find_any(initrd, path);

	return node && !node->gone ? node : NULL;
}

/* Four times as many buckets; without memory for them it goes on with what there is. */
static void more_buckets(struct initrd *initrd)
{
	const struct initrd old = *initrd;
	struct node **buckets = calloc(old.bucket_count * 4, sizeof(*buckets));

	if (!buckets)
		return;
	initrd->buckets = buckets;
	initrd->bucket_count = old.bucket_count * 4;
	for (size_t i = 0; i < old.bucket_count; i++) {
		for (struct node *node = old.buckets[i], *next; node; node = next) {
			struct node **bucket = bucket_of(initrd, node->hash);
			next = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(old.buckets);
}

/* The node of PATH below ABOVE (NULL: the root), made where there is none. NULL: no memory. */
static struct node *make_node(struct initrd *initrd, const char *path, struct node *above)
{
	const size_t len = strlen(path);
	struct node *node = find_any(initrd, path);

	if (!node) {
		node = calloc(1, sizeof(*node) + len + 1);
		if (!node)
			return NULL;
		memcpy(node->path, path, len);
		node->hash = hash_of(path);
		node->above = above;
		node->gone = true;
		node->next = *bucket_of(initrd, node->hash);
		*bucket_of(initrd, node->hash) = node;
		if (++initrd->node_count > initrd->bucket_count)
			more_buckets(initrd);
	}
	if (node->gone && above)
		above->below++;
	node->gone = false;
	return node;
}

/* A path that is being followed. */
struct course {
	char *done; /* what has been, without links; PATH_MAX bytes */
	size_t done_len;
	char left[2 * PATH_MAX]; /* what is to come */
	bool missing;		 /* a folder of it is not there */
	int links;
	const char *wrong; /* words */
};

/* Appends the name of LEN bytes. False: too long. */
static bool step_down(struct course *course, const char *name, size_t len)
{
	const size_t slash = course->done_len > 0;

	if (course->done_len + slash + len >= PATH_MAX) {
		course->wrong = "is too long";
		return false;
	}
	if (slash)
		course->done[course->done_len++] = '/';
	memcpy(course->done + course->done_len, name, len);
	course->done_len += len;
	course->done[course->done_len] = '\0';
	return true;
}

static void step_up(struct course *course)
{
	char *slash = strrchr(course->done, '/');

	course->done_len = slash ? (size_t)(slash - course->done) : 0;
	course->done[course->done_len] = '\0';
}

/* Puts a link's target before REST. */
static bool follow(struct course *course, const char *target, const char *rest)
{
	char joined[2 * PATH_MAX];
	const size_t len = strlen(target), rest_len = strlen(rest);

	if (++course->links > LINKS_MOST) {
		course->wrong = "goes through links in a circle";
		return false;
	}
	if (len + 1 + rest_len >= sizeof(joined)) {
		course->wrong = "is too long";
		return false;
	}
	memcpy(joined, target, len);
	joined[len] = '/';
	memcpy(joined + len + 1, rest, rest_len + 1);
	memcpy(course->left, joined, len + 1 + rest_len + 1);
	if (*target == '/')
		course->done[course->done_len = 0] = '\0';
	else
		step_up(course); /* the link itself */
	return true;
}

/* The name of LEN bytes, another follows: into the folder that it is. */
static bool enter(const struct initrd *initrd, struct course *course, const char *name, size_t len,
		  const char *rest)
{
	if (len == 2 && !memcmp(name, "..", 2)) {
		/* Linux does not, either; and the folder could be made a file by the last name. */
		if (course->missing)
			course->wrong = "leaves a folder that is not there";
		else
			step_up(course);
		return !course->missing;
	}
	if (!step_down(course, name, len))
		return false;
	const struct node *node = find(initrd, course->done);
	if (!node)
		course->missing = true;
	if (node && node->kind == INITRD_LINK)
		return follow(course, node->target, rest);
	if (node && node->kind == INITRD_FILE) {
		course->wrong = "is below what is a file there";
		return false;
	}
	return true;
}

/*
 * Follows PATH to its last name, which is not followed itself and comes to lie at the end of DONE
 * (PATH_MAX bytes). False: no such path can be; course->wrong says why.
 */
static bool resolve(const struct initrd *initrd, const char *path, struct course *course,
		    char *done)
{
	char name[NAME_MAX + 1];

	course->done = done;
	course->done_len = 0;
	course->missing = false;
	course->links = 0;
	course->wrong = "is too long";
	*done = '\0';
	if (strlen(path) >= PATH_MAX)
		return false;
	strcpy(course->left, path);
	for (const char *at = course->left;;) {
		at += strspn(at, "/");
		const size_t len = strcspn(at, "/");
		const char *rest = at + len + strspn(at + len, "/");
		if (len > NAME_MAX)
			return false;
		memcpy(name, at, len);
		name[len] = '\0';
		const bool dot = len == 1 && *name == '.';
		if (!*rest && (dot || len == 0 || !strcmp(name, ".."))) {
			course->wrong = "is a folder";
			return false;
		}
		if (!*rest)
			return step_down(course, name, len);
		const int links = course->links;
		if (!dot && !enter(initrd, course, name, len, rest))
			return false;
		at = course->links > links ? course->left : rest;
	}
}

static void remove_node(struct node *node)
{
	node->gone = true;
	node->below = 0;
	free(node->target);
	node->target = NULL;
	if (node->above)
		node->above->below--;
}

/* The folder that PATH, which has no link in it, lies in; NULL: the root. */
static struct node *folder_of(const struct initrd *initrd, const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return NULL;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return find(initrd, folder);
}

bool initrd_tree_add(struct initrd *initrd, const char *path, enum initrd_kind kind,
		     const char *target, size_t len)
{
	char done[PATH_MAX];
	struct course course;

	if (!resolve(initrd, path, &course, done) || course.missing)
		return true;
	struct node *node = find(initrd, done);
	/* A link is made anew, what is of another kind gives way; a folder only when it is empty.
	 */
	if (node && (node->kind != kind || kind == INITRD_LINK)) {
		if (node->kind == INITRD_FOLDER && node->below)
			return true;
		remove_node(node);
		node = NULL;
	}
	if (kind == INITRD_LINK && (!len || !*target))
		return true;
	if (!node)
		node = make_node(initrd, done, folder_of(initrd, done));
	if (!node)
		return false;
	node->kind = kind;
	if (kind != INITRD_LINK)
		return true;
	node->target = strndup(target, len);
	if (!node->target)
		remove_node(node);
	return node->target != NULL;
}

/* How much of PATH, up to before a slash, are folders that are there. */
static size_t length_there(const struct initrd *initrd, const char *path)
{
	char folder[PATH_MAX];
	size_t there = 0;

	strcpy(folder, path);
	for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!find(initrd, folder))
			return there;
		there = (size_t)(slash - folder);
		*slash = '/';
	}
	return there;
}

/* Makes PATH, and the folders of it that are not there. */
static bool make_file(struct initrd *initrd, const char *path)
{
	char folder[PATH_MAX];

	strcpy(folder, path);
	for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!initrd_tree_add(initrd, folder, INITRD_FOLDER, NULL, 0))
			return false;
		*slash = '/';
	}
	return initrd_tree_add(initrd, path, INITRD_FILE, NULL, 0);
}

bool initrd_place(struct initrd *initrd, const char *guest_path, struct initrd_place *place,
		  char message[IMAGE_MESSAGE_MAX])
{
	struct course course;

	if (!resolve(initrd, guest_path, &course, place->path))
		return image_refuse(message, "%s", course.wrong);
	const struct node *node = find(initrd, place->path);
	if (node && node->kind == INITRD_FOLDER)
		return image_refuse(message, "is a folder");
	place->there = length_there(initrd, place->path);
	return make_file(initrd, place->path) ||
	       image_refuse(message, "cannot be added: out of memory");
}
