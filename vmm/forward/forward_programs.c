/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/forward/forward_programs.h"

#include <unistd.h>

#include "base/bpf.h"
#include "base/skeleton.h"

static int attach(struct forward_programs *programs, int program)
{
	int link = bpf_attach(program);

	if (link < 0)
		return link;
	programs->links[programs->link_count++] = link;
	return 0;
}

bool forward_attached(const struct forward_programs *programs)
{
	for (unsigned int i = 0; i < programs->link_count; i++)
		if (!bpf_link_lives(programs->links[i]))
			return false;
	return !programs->on_functions || bpf_tracer_is_on();
}

void forward_unload(struct forward_programs *programs)
{
	for (unsigned int i = 0; i < programs->link_count; i++)
		close(programs->links[i]);
	programs->link_count = 0;
	if (programs->skeleton)
		programs->class->destroy(programs->skeleton);
	programs->skeleton = NULL;
}

int forward_begin(struct forward_programs *programs, int result, int map, int setup, int first,
		  int second)
{
	programs->map = map;
	if (result == 0) {
		programs->step = "running";
		result = bpf_run_program(setup);
	}
	if (result == 0) {
		programs->step = "attaching";
		result = first < 0 ? 0 : attach(programs, first);
	}
	if (result == 0 && second >= 0)
		result = attach(programs, second);
	if (result < 0)
		forward_unload(programs);
	return result;
}
