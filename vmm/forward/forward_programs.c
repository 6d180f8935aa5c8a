/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/forward/forward_programs.h"

#include "base/bpf.h"

bool forward_attached(const struct forward_programs *programs)
{
	for (unsigned int i = 0; i < programs->loaded.link_count; i++)
		if (!bpf_link_lives(programs->loaded.links[i]))
			return false;
	return !programs->on_functions || bpf_tracer_is_on();
}

void forward_unload(struct forward_programs *programs)
{
	skeleton_unload(&programs->loaded);
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
		result = first < 0 ? 0 : skeleton_attach(&programs->loaded, first);
	}
	if (result == 0 && second >= 0)
		result = skeleton_attach(&programs->loaded, second);
	if (result < 0)
		forward_unload(programs);
	return result;
}
