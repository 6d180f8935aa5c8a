/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that most runs can do without, loaded when they are needed: to find and relocate all of
 * them at each start takes longer than to set up the machine. Their headers are used as they are,
 *
 *     struct foo_functions { __typeof__(foo_new) *create; };
 *     static const struct library_function functions[] = {
 *             {"foo_new", offsetof(struct foo_functions, create)}};
 *     static const struct library foo = {"libfoo.so.1", "libfoo1", functions, 1};
 */
#ifndef VHART_LIBRARY_H
#define VHART_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#define LIBRARY_MESSAGE_MAX 200u

struct library_function {
	const char *name;
	size_t offset; /* of the pointer to it, in the user's structure */
};

struct library {
	const char *soname;
	const char *package; /* Debian's */
	const struct library_function *functions;
	size_t function_count;
};

/*
 * Fills the pointers in FUNCTIONS. The library then stays until the process ends. False when it
 * cannot be had: MESSAGE says why and which package has it.
 */
bool library_load(const struct library *library, void *functions,
		  char message[LIBRARY_MESSAGE_MAX]);

#endif
