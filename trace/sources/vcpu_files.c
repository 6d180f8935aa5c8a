/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/sources/vcpu_files.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bpf.h"
#include "trace/bpf/vcpu_pcs.skel.h"

struct vcpu_files {
	struct vcpu_pcs *skeleton;
};

static int load(void *opaque)
{
	return vcpu_pcs__load(opaque);
}

struct vcpu_files *vcpu_files_open(void)
{
	struct vcpu_files *files = calloc(1, sizeof(*files));

	if (files)
		files->skeleton = vcpu_pcs__open();
	if (files && files->skeleton && bpf_load_patiently(load, files->skeleton) == 0)
		return files;
	vcpu_files_close(files);
	return NULL;
}

void vcpu_files_close(struct vcpu_files *files)
{
	if (files && files->skeleton)
		vcpu_pcs__destroy(files->skeleton);
	free(files);
}

uint64_t vcpu_files_pc(const struct vcpu_files *files, pid_t pid, int fd)
{
	if (!files || fd < 0)
		return 0;
	files->skeleton->bss->asked = (uint32_t)fd;
	files->skeleton->bss->pc = 0;
	if (bpf_iterate(files->skeleton->progs.on_file.prog_fd, pid) < 0)
		return 0;
	return __atomic_load_n(&files->skeleton->bss->pc, __ATOMIC_RELAXED);
}
