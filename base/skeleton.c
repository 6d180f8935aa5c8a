/* SPDX-License-Identifier: Apache-2.0 */
#include "base/skeleton.h"

#include <unistd.h>

#include "base/bpf.h"

int skeleton_attach(struct loaded_skeleton *loaded, int program)
{
	int link = bpf_attach(program);

	if (link < 0)
		return link;
	loaded->links[loaded->link_count++] = link;
	return 0;
}

void skeleton_unload(struct loaded_skeleton *loaded)
{
	for (unsigned int i = 0; i < loaded->link_count; i++)
		close(loaded->links[i]);
	if (loaded->skeleton)
		loaded->class->destroy(loaded->skeleton);
	*loaded = (struct loaded_skeleton){0};
}
