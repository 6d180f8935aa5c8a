/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart probe`: looks at everything that vhart uses on a host and lists it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "vmm/commands.h"
#include "vmm/probe/probe.h"
#include "vmm/probe/probe_options.h"

static const struct probe_group groups[] = {
	{"host", "Host", probe_host_checks},
	{"kvm", "KVM", probe_kvm_checks},
	{"vcpu", "What a guest gets", probe_vcpu_checks},
	{"sbi", "SBI calls of a guest", probe_sbi_checks},
	{"pmu", "Counting and sampling", probe_pmu_checks},
	{"lcofi", "Bringing the overflow interrupt of a counter to a guest", probe_lcofi_checks},
	{"trace", "Tracing", probe_trace_checks},
	{"io", "Memory and I/O", probe_io_checks},
	{"holes", "What a guest can do to this host's kernel", probe_hole_checks},
};

#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

static size_t count_checks(void)
{
	size_t count = 0;

	for (size_t i = 0; i < GROUP_COUNT; i++)
		for (const struct probe_check *check = groups[i].checks; check->id; check++)
			count++;
	return count;
}

/* RESULTS has room for all. */
static void run_checks(struct probe *probe, struct probe_result *results)
{
	for (size_t i = 0; i < GROUP_COUNT; i++) {
		for (const struct probe_check *check = groups[i].checks; check->id; check++) {
			*results = (struct probe_result){
				.group = &groups[i],
				.check = check,
				.finding = {.state = PROBE_UNKNOWN,
					    .cost = check->cost,
					    .fix = check->fix},
			};
			check->check(probe, check, &results->finding);
			results++;
		}
	}
}

int command_probe(int argc, char **argv)
{
	struct probe probe = {.kvm_fd = -1};
	struct probe_result *results;
	size_t count = count_checks();
	struct probe_options options = {.json = false};
	struct exit_cost costs[EXIT_COSTS];
	bool help = false, written = true;
	int status = options_read(&probe_options, argc, argv, &options, &help);

	if (status != 0 || help)
		return status;
	results = calloc(count, sizeof(*results));
	if (!results) {
		error("no memory for what was found");
		return STATUS_HOST;
	}
	probe.kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	probe.kvm_errno = probe.kvm_fd < 0 ? errno : 0;
	run_checks(&probe, results);

	if (options.measure)
		exit_costs_measure(probe.kvm_fd, costs);

	const struct probe_report report = {results, count, probe.usable,
					    options.measure ? costs : NULL};
	if (options.json)
		written = probe_report_json(&report, stdout);
	else
		probe_report_text(&report, stdout);
	written = written && fflush(stdout) == 0 && !ferror(stdout);
	if (!written)
		error("standard output: %s", strerror(errno));
	if (probe.kvm_fd >= 0)
		close(probe.kvm_fd);
	free(results);
	return probe.usable && written ? STATUS_OK : STATUS_HOST;
}
