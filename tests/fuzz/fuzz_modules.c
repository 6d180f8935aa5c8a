/* SPDX-License-Identifier: Apache-2.0 */
/* A modules.dep, whose paths become files that are read, and a kernel with its banner. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/boot/modules.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_path(const char *path)
{
	require(*path && *path != '/' && strlen(path) < MODULES_PATH_MAX);
	require(strncmp(path, "../", 3) && !strstr(path, "/../") && strcmp(path, ".."));
	require(strlen(path) < 3 || strcmp(path + strlen(path) - 3, "/.."));
}

static void check(const struct module_list *list)
{
	require(list->count <= MODULES_MOST);
	for (unsigned int i = 0; i < list->count; i++) {
		check_path(list->paths[i]);
		for (unsigned int j = 0; j < i; j++)
			require(strcmp(list->paths[i], list->paths[j]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"virtio_console", "virtiofs", "overlay"};
	const struct blob blob = {(uint8_t *)(uintptr_t)data, size};
	struct module_list *list = calloc(1, sizeof(*list));
	char version[KERNEL_VERSION_MAX];

	require(list != NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const unsigned int before = list->count;

		require(!modules_add(list, &blob, names[i]) || list->count == before);
		check(list);
	}
	if (kernel_version(&blob, version)) {
		require(*version >= '0' && *version <= '9' && strlen(version) < sizeof(version));
		require(!strchr(version, '/'));
	}
	free(list);
	return 0;
}
