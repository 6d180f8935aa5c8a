/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_save.h"

#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"
#include "trace/guest/guest_names.h"
#include "trace/stat/replaced_file.h"
#include "trace/stat/stat_file.h"
#include "trace/watch/target.h"

#define OPTION "--save"

void stat_facts_begin(const struct target *target, struct stat_facts *facts)
{
	struct guest_kernel kernel = {.name = ""};
	struct utsname host;

	*facts = (struct stat_facts){.vhart = VHART_VERSION};
	if (uname(&host) == 0)
		printable(facts->kernel, sizeof(facts->kernel), host.release);
	if (target->process)
		target_kernel(target, &kernel);
	printable(facts->guest, sizeof(facts->guest), kernel.name);
}

bool stat_save_begin(const struct stat_options *options, struct stat_facts *facts)
{
	stat_facts_begin(&options->target, facts);
	return replaced_file_can(OPTION, options->save);
}

bool stat_save(const struct stat_options *options, struct stat_facts *facts,
	       struct stat_session *session)
{
	struct timespec now;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	clock_gettime(CLOCK_REALTIME, &now);
	facts->realtime = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	bool good = out && stat_session_save(session, facts, out);
	if (out && fclose(out) != 0)
		good = false;
	if (!good)
		error(OPTION " %s: no memory", options->save);
	good = good && replaced_file_write(OPTION, options->save, text, len);
	free(text);
	return good;
}
