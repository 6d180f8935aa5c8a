/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BASE (SBI 3.0, chapter 4). KVM answers it and forwards only the probe of an EID that it forwards
 * as well; the other functions are here for whatever else may hand calls over, and say what KVM
 * says, because the guest must not see two implementations.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "sbi/sbi.h"

enum {
	BASE_GET_SPEC_VERSION,
	BASE_GET_IMPL_ID,
	BASE_GET_IMPL_VERSION,
	BASE_PROBE_EXTENSION,
	BASE_GET_MVENDORID,
	BASE_GET_MARCHID,
	BASE_GET_MIMPID,
};

#define SPEC_VERSION (3u << 24 | 0u) /* 3.0 */
#define IMPL_KVM     3u		     /* table of SBI implementation IDs */

/* KVM's implementation version is LINUX_VERSION_CODE. */
static uint64_t linux_version(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0, patch = 0;

	if (uname(&name) != 0 || sscanf(name.release, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return (uint64_t)major << 16 | (minor & 0xff) << 8 | (patch < 255 ? patch : 255);
}

static uint64_t probe(const struct sbi_context *context, uint64_t eid)
{
	const struct sbi_override *override = context->override;
	uint64_t answer;

	if (override && override->probe(override, eid, &answer))
		return answer;
	return sbi_find(context, eid) != NULL;
}

void sbi_base(struct sbi_context *context, struct sbi_call *call)
{
	switch (call->fid) {
	case BASE_GET_SPEC_VERSION: call->value = SPEC_VERSION; break;
	case BASE_GET_IMPL_ID: call->value = IMPL_KVM; break;
	case BASE_GET_IMPL_VERSION: call->value = linux_version(); break;
	case BASE_PROBE_EXTENSION: call->value = probe(context, call->args[0]); break;
	/* Zero is always a legal value of these three. */
	case BASE_GET_MVENDORID:
	case BASE_GET_MARCHID:
	case BASE_GET_MIMPID: break;
	default: return;
	}
	call->error = SBI_SUCCESS;
}
