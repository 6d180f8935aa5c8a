/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/alerts/teller.h"

#include <time.h>

#include "base/printable.h"
#include "trace/alerts/alert.h"

static void begin_command(struct teller *teller, const struct alert *alert)
{
	struct command_about *about = &teller->about;
	const struct finding *finding = alert->finding;

	if (!teller->commands)
		return;
	about->rule = rules[finding->rule].name;
	about->pid = finding->tgid;
	about->vcpu = finding->vcpu_id;
	printable(about->vm, sizeof(about->vm),
		  alert->view->vm_name(alert->view->opaque, finding->tgid));
	about->len = alert_json(alert, about->json);
	commands_run_add(teller->commands, about);
}

static void print_json(FILE *out, const struct alert *alert)
{
	char text[FINDING_JSON];
	const size_t size = alert_json(alert, text);

	fwrite(text, 1, size, out);
}

static void tell(void *opaque, const struct finding *finding, bool over)
{
	struct teller *teller = opaque;
	struct alert alert = {teller->view, teller->findings, finding, over, {0}};

	clock_gettime(CLOCK_REALTIME, &alert.when);
	if (teller->json)
		print_json(teller->out, &alert);
	else
		alert_print(teller->out, &alert);
	alert_counts_add(teller->counts, finding,
			 teller->view->vm_name(teller->view->opaque, finding->tgid), over);
	if (over)
		return;
	begin_command(teller, &alert);
	if (!teller->failed && teller->wishes->fail_on[finding->rule])
		teller->failed = &rules[finding->rule];
}

bool teller_tell(struct teller *teller, bool all)
{
	findings_tell(teller->findings, tell, teller, all);
	return fflush(teller->out) == 0 && !ferror(teller->out);
}
