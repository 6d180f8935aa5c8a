/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart report`: what `vhart record` recorded. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "trace/commands.h"
#include "trace/export/export.h"
#include "trace/record/pager.h"
#include "trace/record/report.h"
#include "trace/record/report_names.h"
#include "trace/record/report_options.h"
#include "trace/record/report_page.h"
#include "trace/record/report_table.h"
#include "trace/record/report_words.h"
#include "trace/stat/replaced_file.h"

/* What a recording may make us hold. */
#define PROFILE_LIMIT (256u << 20)

/* ---- what comes out ---- */

static bool export(const struct report *report, const char *path, bool vcpus_together,
		   int (*write)(struct profile *profile, const struct export_options *options,
				FILE *to))
{
	char subtitle[REPORT_SUBTITLE];
	const struct export_options how = {
		.weight = report->exits ? EXPORT_HOST_NS : EXPORT_COUNT,
		.labels_as_roots = true,
		.vcpus_together = vcpus_together,
		.title = report->header.vm,
		.subtitle = report_subtitle(report, subtitle),
		.counts = report->exits ? "exits" : "samples",
		.time_ns = report->header.realtime,
		.duration_ns = report_duration(report),
	};
	FILE *to;
	int failed;

	if (!path)
		return true;
	errno = 0;
	to = fopen(path, "we");
	failed = to ? write(report->profile, &how, to) : -errno;
	if (to && fclose(to) != 0 && !failed)
		failed = -errno;
	if (failed)
		error("%s: %s", path, strerror(-failed));
	return !failed;
}

struct page_of {
	const struct report *report;
	bool per_vcpu;
};

static int print_page(void *opaque, FILE *to)
{
	const struct page_of *page = opaque;

	return report_page(page->report, page->per_vcpu, to);
}

/* The file is there when all of it is. */
static bool write_page(const struct report *report, const struct report_options *options)
{
	struct page_of page = {report, options->per_vcpu};

	return !options->html || replaced_file_print("--html", options->html, print_page, &page);
}

/* The table last: whoever reads it may have seen enough of it (head). */
static bool show(const struct report *report, const struct report_options *options)
{
	struct pager pager;

	if (!export(report, options->folded, false, export_folded) ||
	    !export(report, options->flamegraph, !options->per_vcpu, export_flamegraph) ||
	    !export(report, options->pprof, false, export_pprof) || !write_page(report, options))
		return false;
	pager_open(&pager, !options->no_pager && !options->view.json);
	if (pager_close(&pager, report_print(pager.out, report, &options->view)))
		return true;
	error("writing the report: %s", strerror(errno));
	return false;
}

static bool read_recording(struct report *report, const struct report_options *options,
			   struct page_series *series)
{
	char message[REPORT_MESSAGE_MAX];

	if (report_read_frame(report, message)) {
		if (!report_names(report, &options->names))
			return false;
		if (options->html && !report_page_begin(report, series)) {
			error("no memory");
			return false;
		}
		if (report_read_samples(report, message))
			return true;
	}
	error("%s: %s", options->input, message);
	return false;
}

/* False with errno. */
static bool is_folder(const char *path)
{
	struct stat is;

	if (stat(path, &is) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(is.st_mode);
}

static int run_report(struct report *report, const struct report_options *options,
		      struct page_series *series)
{
	report->in = fopen(options->input, "re");
	if (!report->in) {
		error("%s: %s", options->input, strerror(errno));
		return STATUS_USAGE;
	}
	report->profile = profile_new(PROFILE_LIMIT);
	if (!report->profile) {
		error("no memory");
		return STATUS_HOST;
	}
	if (options->guestmount) {
		/* Said also where no sample needs it. */
		if (!is_folder(options->guestmount)) {
			error("--guestmount %s: %s: it is the folder in which the guest's root is",
			      options->guestmount, strerror(errno));
			return STATUS_USAGE;
		}
		report->users = user_symbols_new(options->guestmount);
		if (!report->users) {
			error("no memory");
			return STATUS_HOST;
		}
	}
	if (!read_recording(report, options, series))
		return STATUS_USAGE;
	return show(report, options) ? STATUS_OK : STATUS_HOST;
}

int command_report(int argc, char **argv)
{
	struct report_options options = {.input = "vhart.recording"};
	struct page_series series = {0};
	struct report *report;
	bool help;
	int status = options_read(&report_options, argc, argv, &options, &help);

	if (status || help)
		return status;
	if (options.names.kallsyms && options.names.vmlinux) {
		error("--guestkallsyms and --guestvmlinux exclude each other");
		return STATUS_USAGE;
	}
	report = calloc(1, sizeof(*report));
	if (!report) {
		error("no memory");
		return STATUS_HOST;
	}
	report->by_pc = options.view.by == REPORT_BY_PC;
	report->by_process = options.view.by == REPORT_BY_PROCESS || options.pprof;
	status = run_report(report, &options, &series);
	page_series_free(&series);
	profile_free(report->profile);
	user_symbols_free(report->users);
	report_free(report);
	if (report->in)
		fclose(report->in);
	free(report);
	return status;
}
