/* SPDX-License-Identifier: Apache-2.0 */

#include "base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static bool refuse(const struct library *library, char message[LIBRARY_MESSAGE_MAX])
{
	const char *why = dlerror();

	snprintf(message, LIBRARY_MESSAGE_MAX, "install the package %s: %s", library->package,
		 why ? why : library->soname);
	return false;
}

bool library_load(const struct library *library, void *functions, char message[LIBRARY_MESSAGE_MAX])
{
	void *handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	bool found = handle != NULL;

	for (size_t i = 0; found && i < library->function_count; i++) {
		void *address = dlsym(handle, library->functions[i].name);

		/* POSIX: an address from dlsym() can be taken for a pointer to a function. */
		memcpy((char *)functions + library->functions[i].offset, &address, sizeof(address));
		found = address != NULL;
	}
	if (!found)
		refuse(library, message);
	if (handle)
		dlclose(handle); /* only the reference: NODELETE */
	return found;
}
