/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/test/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"

void progress_begin(struct progress *progress)
{
	*progress = (struct progress){.on = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *progress, size_t done, size_t count, unsigned int failed,
		   const char *running)
{
	char name[48], line[sizeof(progress->line)];

	if (!progress->on)
		return;
	snprintf(line, sizeof(line), "%zu of %zu done, %u failed%s%s", done, count, failed,
		 running ? "; " : "", running ? printable(name, sizeof(name), running) : "");
	if (progress->shown && !strcmp(line, progress->line))
		return;
	memcpy(progress->line, line, sizeof(line));
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
	progress->shown = true;
}

void progress_clear(struct progress *progress)
{
	if (!progress->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->shown = false;
}
