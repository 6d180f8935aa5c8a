/* SPDX-License-Identifier: Apache-2.0 */
#include "base/exit_status.h"

bool machine_end_is_reset(enum machine_end end)
{
	return end == END_RESET || end == END_WATCHDOG;
}

enum machine_end srst_end(uint32_t type, uint32_t reason)
{
	if (reason != SRST_NO_REASON && reason < SRST_STATUS)
		return END_PANIC;
	return type == SRST_SHUTDOWN ? END_POWEROFF : END_RESET;
}

bool srst_status(uint32_t reason, uint32_t *status)
{
	*status = reason - SRST_STATUS;
	return reason >= SRST_STATUS;
}

const char *srst_type_name(uint32_t type)
{
	static const char *const names[] = {"shutdown", "cold-reboot", "warm-reboot"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

const char *srst_reason_name(uint32_t reason)
{
	if (reason >= SRST_STATUS)
		return "vendor";
	switch (reason) {
	case SRST_NO_REASON: return "none";
	case SRST_SYSTEM_FAILURE: return "system-failure";
	default: return "reserved";
	}
}

int exit_status_of_guest(uint32_t status)
{
	if (status >= STATUS_GUEST_OTHER)
		return STATUS_GUEST_OTHER;
	return status >= STATUS_RESET && status <= STATUS_VCPU ? STATUS_GUEST_OTHER : (int)status;
}
