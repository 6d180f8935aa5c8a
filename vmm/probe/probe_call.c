/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/probe/probe_call.h"

#include <inttypes.h>
#include <stdio.h>

#include <errno.h>
#include <string.h>

#include "base/sbi_spec.h"

#define ALL_ONES   UINT64_MAX
#define NOBODY_HAS 0x3fffffffu /* a feature of FWFT in the range that is reserved */

/* By KVM's numbers (isa_sbi_ext_name()); functions and EIDs as of SBI 3.0. */
const struct probe_call probe_calls[PROBE_CALLS] = {
	{.name = "putchar", .eid = SBI_EID_LEGACY_PUTCHAR, .args = {'.'}, .to_vhart = true},
	{.name = "set_timer", .eid = SBI_EID_TIME, .args = {ALL_ONES}},
	{.name = "send_ipi", .eid = SBI_EID_IPI, .args = {1}}, /* to itself */
	{.name = "remote_fence_i", .eid = SBI_EID_RFENCE, .args = {1}},
	{.name = "system_reset", .eid = SBI_EID_SRST},
	{.name = "hart_get_status", .eid = SBI_EID_HSM, .fid = SBI_HSM_HART_GET_STATUS},
	{.name = "num_counters", .eid = SBI_EID_PMU},
	{.name = "FID 0", .eid = SBI_EID_EXPERIMENTAL, .to_vhart = true},
	{.name = "FID 0", .eid = SBI_EID_VENDOR, .to_vhart = true},
	{.name = "write_byte",
	 .eid = SBI_EID_DBCN,
	 .fid = SBI_DBCN_WRITE_BYTE,
	 .args = {'.'},
	 .to_vhart = true},
	{.name = "set_shmem", .eid = SBI_EID_STA, .args = {ALL_ONES, ALL_ONES}}, /* none */
	{.name = "system_suspend",
	 .eid = SBI_EID_SUSP,
	 .args = {0, 0, PROBE_CALL_ANSWER}, /* the guest goes on with that in a1 */
	 .to_vhart = true,
	 .resumes = true},
	{.name = "get", .eid = SBI_EID_FWFT, .fid = SBI_FWFT_GET, .args = {NOBODY_HAS}},
	{.name = "get_shmem_size", .eid = SBI_EID_MPXY, .to_vhart = true},
	[PROBE_CALL_BASE] = {.name = "get_spec_version", .eid = SBI_EID_BASE},
};

static bool is_refused(const struct probe_call_result *result)
{
	return result->end == PROBE_CALL_ANSWERED && (int64_t)result->a0 == SBI_ERR_NOT_SUPPORTED;
}

bool probe_call_is_answered(const struct probe_call_result *result)
{
	return result->end != PROBE_CALL_UNTRIED && !is_refused(result);
}

/* ---- to vhart ---- */

static const char *what_kvm_says(const struct probe_call_result *result)
{
	if (result->named == -ENOENT)
		return "this kernel's KVM does not know it";
	if (result->named < 0)
		return strerror(-result->named);
	return result->enabling < 0 ? strerror(-result->enabling) : "though KVM lists it";
}

void probe_call_tell_handed(unsigned int id, const struct probe_call_result *result,
			    struct probe_finding *finding)
{
	const char *name = probe_calls[id].name;

	switch (result->end) {
	case PROBE_CALL_HANDED:
		if (result->a1 == PROBE_CALL_ANSWER)
			probe_set(finding, PROBE_OK, "yes%s: %s came, and went back answered",
				  result->enabled ? "" : ", when enabled", name);
		else
			probe_set(finding, PROBE_MISSING,
				  "no: %s came, but the guest then had 0x%" PRIx64 ", 0x%" PRIx64,
				  name, result->a0, result->a1);
		break;
	case PROBE_CALL_ANSWERED:
		if (is_refused(result))
			probe_set(finding, PROBE_MISSING, "no: %s gets -2 (NOT_SUPPORTED), %s",
				  name, what_kvm_says(result));
		else
			probe_set(finding, PROBE_MISSING, "no: KVM answers %s itself, with %lld",
				  name, (long long)result->a0);
		break;
	case PROBE_CALL_ENDED:
		probe_set(finding, PROBE_MISSING, "no: KVM ends the VM at %s", name);
		break;
	case PROBE_CALL_UNTRIED:
		probe_set(finding, PROBE_UNKNOWN, "%s could not be tried: %s", name, result->why);
		finding->cost = finding->fix = NULL;
		break;
	}
}

/* ---- by KVM ---- */

static const char *extension_name(unsigned int id)
{
	return id == PROBE_CALL_BASE ? "BASE" : isa_sbi_ext_name(id);
}

enum kind { ANSWERED, NOT_ANSWERED, NOT_TRIED, NOT_KNOWN };

static enum kind kind_of(const struct probe_call_result *result)
{
	if (result->end == PROBE_CALL_UNTRIED)
		return NOT_TRIED;
	if (probe_call_is_answered(result))
		return ANSWERED;
	return result->named < 0 ? NOT_KNOWN : NOT_ANSWERED;
}

/* Names what is of KIND, BASE first, then in the order of KVM's numbers. */
static void list(const struct probe_call_result *results, enum kind kind, char *text, size_t size)
{
	*text = '\0';
	for (unsigned int i = 0; i < PROBE_CALLS; i++) {
		unsigned int id = i == 0 ? PROBE_CALL_BASE : i - 1;
		const struct probe_call_result *result = &results[id];
		size_t used = strlen(text);

		if (!probe_calls[id].to_vhart && kind_of(result) == kind)
			snprintf(text + used, size - used, "%s%s%s", used ? " " : "",
				 extension_name(id),
				 result->named == 0 && !result->enabled ? " (when enabled)" : "");
	}
}

/* Of the first that could not be tried. */
static const char *why_untried(const struct probe_call_result *results)
{
	unsigned int id = 0;

	while (probe_calls[id].to_vhart || results[id].end != PROBE_CALL_UNTRIED)
		id++;
	return results[id].why;
}

void probe_call_tell_kernel(const struct probe_call_result *results, struct probe_finding *finding)
{
	char yes[256], no[256], untried[256];

	list(results, ANSWERED, yes, sizeof(yes));
	list(results, NOT_ANSWERED, no, sizeof(no));
	list(results, NOT_TRIED, untried, sizeof(untried));
	finding->cost = finding->fix = NULL;
	if (*untried) {
		probe_set(finding, PROBE_UNKNOWN, "%s%scould not be tried: %s: %s", yes,
			  *yes ? "; " : "", untried, why_untried(results));
	} else if (*no) {
		probe_set(finding, PROBE_LIMITED,
			  "%s; KVM lists, but does not answer (-2, NOT_SUPPORTED): %s", yes, no);
		finding->cost = "guests get NOT_SUPPORTED for what KVM lists";
	} else {
		probe_set(finding, PROBE_OK, "%s: a call of each was answered", yes);
	}
}

void probe_call_tell_pmu(const struct probe_call_result *result,
			 const struct probe_call_result *disabled, int disabling,
			 struct probe_finding *finding)
{
	if (result->end == PROBE_CALL_UNTRIED) {
		probe_set(finding, PROBE_UNKNOWN, "num_counters could not be tried: %s",
			  result->why);
		finding->cost = finding->fix = NULL;
	} else if (!probe_call_is_answered(result)) {
		probe_set(finding, PROBE_MISSING, "num_counters gets -2 (NOT_SUPPORTED), %s",
			  what_kvm_says(result));
	} else if (disabling < 0) {
		probe_set(finding, PROBE_LIMITED, "KVM answers it; it cannot be disabled: %s",
			  strerror(-disabling));
		finding->cost = "vhart cannot answer it in KVM's place";
	} else if (disabled->end == PROBE_CALL_UNTRIED) {
		probe_set(finding, PROBE_UNKNOWN,
			  "KVM answers it: %" PRIu64
			  " counters; disabled, it could not be tried: %s",
			  result->a1, disabled->why);
		finding->cost = finding->fix = NULL;
	} else if (!is_refused(disabled)) {
		probe_set(finding, PROBE_LIMITED, "KVM answers it, also where it was disabled");
		finding->cost = "vhart cannot answer it in KVM's place";
	} else {
		probe_set(finding, PROBE_OK,
			  "KVM answers it%s: %" PRIu64
			  " counters; it can be taken over: disabled, KVM "
			  "says NOT_SUPPORTED",
			  result->enabled ? "" : " when enabled", result->a1);
	}
}
