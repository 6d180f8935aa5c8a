/* SPDX-License-Identifier: Apache-2.0 */
/* What a table of `vhart stat` shows, and how. */
#ifndef VHART_STAT_VIEW_H
#define VHART_STAT_VIEW_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stat_by { BY_REASON, BY_SBI, BY_MMIO, BY_CSR, BY_VCPU, BY_PC };
enum stat_format { STAT_TEXT, STAT_JSON, STAT_CSV };
enum stat_order { ORDER_TIME, ORDER_COUNT, ORDER_AVERAGE, ORDER_P99, ORDER_MAX };

/* Whether a table by BY takes its lines from the sample's keys. */
static inline bool stat_by_is_keyed(enum stat_by by)
{
	return by == BY_MMIO || by == BY_CSR || by == BY_PC;
}

struct stat_view {
	enum stat_by by;
	enum stat_format format;
	enum stat_order order;
	uint64_t resolution;   /* of the clock, ns */
	const char *way;       /* how it was counted */
	uint64_t lost;	       /* events, or exits by key */
	uint64_t vcpus_lost;   /* seen, and not counted: no room */
	uint32_t only;	       /* the VMs of this process; 0: of all */
	const regex_t *filter; /* only exits whose name matches; NULL: all */
	/* The name of a VM's process: never NULL. */
	const char *(*vm_name)(void *opaque, uint32_t tgid);
	/* What is at VALUE, a guest address in a VM of that process: a device (BY_MMIO) or a
	 * function (BY_PC). OUT stays as it is where that is not known. NULL: nothing is known. */
	void (*place)(void *opaque, uint32_t tgid, uint64_t value, char *out, size_t size);
	void *opaque;
};

#endif
