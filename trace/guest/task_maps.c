/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/guest/task_maps.h"

#include <string.h>

const char *const task_map_members[TASK_MAP_MEMBERS] = {
	[MM_TREE] = "mm_struct.mm_mt.ma_root",
	[VMA_START] = "vm_area_struct.vm_start",
	[VMA_END] = "vm_area_struct.vm_end",
	[VMA_PGOFF] = "vm_area_struct.vm_pgoff",
	[VMA_FLAGS] = "vm_area_struct.vm_flags",
	[VMA_MM] = "vm_area_struct.vm_mm",
	[VMA_FILE] = "vm_area_struct.vm_file",
	[FILE_DENTRY] = "file.f_path.dentry",
	[FILE_MOUNT] = "file.f_path.mnt",
	[DENTRY_NAME] = "dentry.d_name.name",
	[DENTRY_LENGTH] = "dentry.d_name.len",
	[DENTRY_PARENT] = "dentry.d_parent",
	[MOUNT_INSIDE] = "mount.mnt",
	[MOUNT_ROOT] = "vfsmount.mnt_root",
	[MOUNT_PARENT] = "mount.mnt_parent",
	[MOUNT_POINT] = "mount.mnt_mountpoint",
	[RANGE_PIVOT] = "maple_range_64.pivot",
	[RANGE_SLOT] = "maple_range_64.slot",
	[ARANGE_PIVOT] = "maple_arange_64.pivot",
	[ARANGE_SLOT] = "maple_arange_64.slot",
};

/* include/linux/maple_tree.h: what a pointer to a node says beside where it is. */
#define MAPLE_NODE_MASK 0xffull
enum maple_kind { MAPLE_LEAF = 1, MAPLE_RANGE = 2, MAPLE_ARANGE = 3 };
/* Smaller words in a slot are no pointers. */
#define MAPLE_RESERVED 4096u

/* More than any tree of TASK_MAPPINGS mappings has. */
enum { LEVELS_MOST = 6, NODES_MOST = 1024, NAMES_MOST = 64, NAME_MOST = 255 };

#define VM_EXEC	   4u
#define PAGE_BYTES 4096u

struct walk {
	const struct task_maps_reader *reader;
	uint64_t mm;
	uint64_t end; /* of the mapping before */
	unsigned int nodes, taken;
};

static bool read_bytes(const struct walk *walk, uint64_t address, void *out, size_t size)
{
	uint64_t host = task_host(walk->reader->places, address, size);

	return host && walk->reader->read(walk->reader->opaque, host, out, size);
}

static bool read_word(const struct walk *walk, uint64_t address, uint64_t *word)
{
	return read_bytes(walk, address, word, sizeof(*word));
}

static uint64_t offset_of(const struct walk *walk, enum task_map_member member)
{
	return walk->reader->maps->offsets[member];
}

static bool read_member(const struct walk *walk, uint64_t of, enum task_map_member member,
			uint64_t *word)
{
	return read_word(walk, of + offset_of(walk, member), word);
}

/* ---- the path of a file ---- */

/* Puts the name of DENTRY before *START, which is in PATH. False: it does not fit. */
static bool prepend_name(const struct walk *walk, uint64_t dentry, char path[TASK_PATH],
			 size_t *start)
{
	uint32_t length = 0;
	uint64_t name;

	if (!read_member(walk, dentry, DENTRY_NAME, &name) ||
	    !read_bytes(walk, dentry + offset_of(walk, DENTRY_LENGTH), &length, sizeof(length)) ||
	    !length || length > NAME_MOST || length + 1 > *start)
		return false;
	*start -= length + 1;
	path[*start] = '/';
	return read_bytes(walk, name, path + *start + 1, length) &&
	       !memchr(path + *start, 0, length + 1);
}

/* From the root of a mount to the place where it is mounted. False: it is nowhere. */
static bool leave_mount(const struct walk *walk, uint64_t *dentry, uint64_t *inside)
{
	uint64_t mount = *inside - offset_of(walk, MOUNT_INSIDE), parent;

	if (!read_member(walk, mount, MOUNT_PARENT, &parent) || parent == mount ||
	    !read_member(walk, mount, MOUNT_POINT, dentry))
		return false;
	*inside = parent + offset_of(walk, MOUNT_INSIDE);
	return true;
}

/* As prepend_path() of fs/d_path.c. PATH is "" where it is not to be had. */
static void find_path(const struct walk *walk, uint64_t file, char path[TASK_PATH])
{
	size_t start = TASK_PATH - 1;
	uint64_t dentry, inside, root, parent;

	memset(path, 0, TASK_PATH);
	if (!read_member(walk, file, FILE_DENTRY, &dentry) ||
	    !read_member(walk, file, FILE_MOUNT, &inside))
		return;
	for (unsigned int i = 0; i < NAMES_MOST; i++) {
		if (!read_member(walk, inside, MOUNT_ROOT, &root))
			break;
		if (dentry == root) {
			if (leave_mount(walk, &dentry, &inside))
				continue;
			memmove(path, path + start, TASK_PATH - start);
			return;
		}
		if (!prepend_name(walk, dentry, path, &start) ||
		    !read_member(walk, dentry, DENTRY_PARENT, &parent) || parent == dentry)
			break;
		dentry = parent;
	}
	path[0] = '\0';
}

/* ---- mappings ---- */

/* False: they are to end here. */
static bool take_mapping(struct walk *walk, uint64_t vma)
{
	struct task_mapping mapping;
	uint64_t flags, mm, file, page;

	/* Behind the last slot that is used there may be others, of before. */
	if (!read_member(walk, vma, VMA_MM, &mm) || mm != walk->mm ||
	    !read_member(walk, vma, VMA_START, &mapping.start) ||
	    !read_member(walk, vma, VMA_END, &mapping.end) ||
	    !read_member(walk, vma, VMA_FLAGS, &flags) ||
	    !read_member(walk, vma, VMA_PGOFF, &page) || !read_member(walk, vma, VMA_FILE, &file) ||
	    mapping.start >= mapping.end || mapping.start < walk->end || mapping.end >> 63)
		return true;
	walk->end = mapping.end;
	if (!(flags & VM_EXEC))
		return true;
	mapping.offset = file ? page * PAGE_BYTES : 0;
	memset(mapping.path, 0, sizeof(mapping.path));
	if (file)
		find_path(walk, file, mapping.path);
	return walk->reader->take(walk->reader->opaque, &mapping) && ++walk->taken < TASK_MAPPINGS;
}

/* Whether CHILD says that it is one of NODE. */
static bool is_child(const struct walk *walk, uint64_t node, uint64_t child)
{
	uint64_t parent;

	return read_word(walk, child & ~MAPLE_NODE_MASK, &parent) &&
	       (parent & ~MAPLE_NODE_MASK) == node;
}

/* What the pointer ENTRY leads to. False: that was all. */
static bool walk_node(struct walk *walk, uint64_t entry, unsigned int level)
{
	uint64_t node = entry & ~MAPLE_NODE_MASK, slot, pivot = 0;
	enum maple_kind kind = (enum maple_kind)(entry >> 3 & 0xf);
	uint64_t pivots = offset_of(walk, kind == MAPLE_ARANGE ? ARANGE_PIVOT : RANGE_PIVOT);
	uint64_t slots = offset_of(walk, kind == MAPLE_ARANGE ? ARANGE_SLOT : RANGE_SLOT);
	uint64_t last = (slots - pivots) / sizeof(pivot);

	if (kind < MAPLE_LEAF || kind > MAPLE_ARANGE || level == LEVELS_MOST ||
	    walk->nodes++ == NODES_MOST || last > MAPLE_NODE_MASK / sizeof(pivot))
		return true;
	for (uint64_t i = 0; i <= last; i++) {
		if (!read_word(walk, node + slots + 8 * i, &slot) ||
		    (i < last && !read_word(walk, node + pivots + 8 * i, &pivot)))
			return true;
		if (slot < MAPLE_RESERVED)
			; /* a gap */
		else if (kind == MAPLE_LEAF
				 ? !take_mapping(walk, slot)
				 : is_child(walk, node, slot) && !walk_node(walk, slot, level + 1))
			return false;
		/* It goes up to what its parent says. */
		if (i && !pivot)
			break;
	}
	return true;
}

void task_maps_list(const struct task_maps_reader *reader, uint64_t mm)
{
	struct walk walk = {.reader = reader, .mm = mm};
	uint64_t root;

	if (read_member(&walk, mm, MM_TREE, &root) && root >= MAPLE_RESERVED)
		walk_node(&walk, root, 0);
}
