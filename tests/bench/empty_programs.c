/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches the programs of empty_programs.bpf.c, and waits until a signal ends it. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "tests/bench/empty_programs.skel.h"

int main(void)
{
	struct empty_programs *programs = empty_programs__open_and_load();

	if (!programs || empty_programs__attach(programs) < 0)
		err(1, "BPF programs");
	poll(NULL, 0, -1);
	return 0;
}
