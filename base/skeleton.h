/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Light BPF skeletons. bpftool generates a type for each object file; what is here lets a loader be
 * written once for several that are alike: a row of a table for each, with where in its type
 * things are.
 */
#ifndef VHART_SKELETON_H
#define VHART_SKELETON_H

#include <stddef.h>

/* What can be done with a skeleton of one type. */
struct skeleton_class {
	void *(*open)(void);		 /* NULL: no memory */
	int (*load)(void *skeleton);	 /* 0 or -errno */
	void (*destroy)(void *skeleton); /* opened, and perhaps loaded */
};

/* One that was opened, and the links of its programs that are attached. All zero: none. */
#define SKELETON_LINKS 11u
struct loaded_skeleton {
	const struct skeleton_class *class;
	void *skeleton;
	int links[SKELETON_LINKS]; /* in the order of their attaching */
	unsigned int link_count;
};

/* Attaches PROGRAM where it says (bpf_attach()). 0 or -errno. */
int skeleton_attach(struct loaded_skeleton *loaded, int program);
/* Detaches and closes all; then there is none. */
void skeleton_unload(struct loaded_skeleton *loaded);

/* TYPE_class, of the generated struct TYPE. */
#define SKELETON_CLASS(type)                                                                       \
	static void *type##_open(void)                                                             \
	{                                                                                          \
		return type##__open();                                                             \
	}                                                                                          \
	static int type##_load(void *skeleton)                                                     \
	{                                                                                          \
		return type##__load(skeleton);                                                     \
	}                                                                                          \
	static void type##_destroy(void *skeleton)                                                 \
	{                                                                                          \
		type##__destroy(skeleton);                                                         \
	}                                                                                          \
	static const struct skeleton_class type##_class = {type##_open, type##_load, type##_destroy}

/* Offsets in struct TYPE: of a map's description, and of a program's file descriptor. */
#define SKELETON_MAP(type, name)     offsetof(struct type, maps.name)
#define SKELETON_PROGRAM(type, name) offsetof(struct type, progs.name.prog_fd)

/* What is at OFFSET of SKELETON. */
static inline void *skeleton_at(void *skeleton, size_t offset)
{
	return (char *)skeleton + offset;
}

/* The program at OFFSET, of SKELETON_PROGRAM(); -1 where OFFSET is 0: there is none. */
static inline int skeleton_program(void *skeleton, size_t offset)
{
	return offset ? *(int *)skeleton_at(skeleton, offset) : -1;
}

#endif
