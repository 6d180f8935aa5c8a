/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_save.h"

#include <errno.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/clock.h"
#include "base/printable.h"
#include "trace/guest/guest_names.h"
#include "trace/stat/replaced_file.h"
#include "trace/stat/stat_file.h"
#include "trace/stat/stat_page.h"
#include "trace/watch/target.h"

#define SAVE "--save"
#define HTML "--html"

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
	return (!options->save || replaced_file_can(SAVE, options->save)) &&
	       (!options->html || replaced_file_can(HTML, options->html));
}

struct saved {
	struct stat_facts *facts;
	struct stat_session *session;
	const struct findings_view *findings_view;
};

static int print_counts(void *opaque, FILE *to)
{
	const struct saved *saved = opaque;

	return stat_session_save(saved->session, saved->facts, to) ? 0 : -ENOMEM;
}

static int print_page(void *opaque, FILE *to)
{
	const struct saved *saved = opaque;
	const struct stat_page page = {
		.view = &saved->session->view,
		.facts = saved->facts,
		.counts = stat_session_whole(saved->session, &saved->facts->wall),
		.history = saved->session->history,
		.findings = saved->session->findings,
		.findings_view = saved->findings_view,
	};

	return page.counts ? stat_page_write(&page, to) : -ENOMEM;
}

bool stat_save(const struct stat_options *options, struct stat_facts *facts,
	       struct stat_session *session, const struct findings_view *findings_view)
{
	struct saved saved = {facts, session, findings_view};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	facts->realtime = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	return (!options->save || replaced_file_print(SAVE, options->save, print_counts, &saved)) &&
	       (!options->html || replaced_file_print(HTML, options->html, print_page, &saved));
}
