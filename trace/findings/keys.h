/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exits were about, where their kind does not say it (KEY_FINDINGS): which device register,
 * which CSR, which error of an SBI call; and what came of each between two looks. Pure; one thread.
 */
#ifndef VHART_KEYS_H
#define VHART_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/exits/exit_sample.h"
#include "trace/findings/rules.h"

enum key_kind { ABOUT_DEVICE, ABOUT_CSR, ABOUT_ERROR };

struct key {
	uint32_t vcpu; /* index */
	enum key_kind kind;
	uint32_t row;	/* ABOUT_ERROR: of the call; else of one of the exits */
	uint64_t value; /* guest physical address, CSR, or the error */
	uint64_t count, ns;
};

/* All up to one look. Begins as {0}; ends with keys_free(). */
struct keys {
	struct key *keys; /* in order */
	size_t count, room;
};

/* False: no memory. */
bool keys_take(struct keys *keys, const struct stat_sample *sample);
void keys_free(struct keys *keys);

/*
 * Calls EACH for all of which there are more in NOW than in BEFORE, by vCPU and kind, errors of one
 * call one after the other; loads and stores are one, as are reads and writes. NEW: there was none
 * before. KEY's numbers are of the difference.
 */
typedef void keys_changed(void *opaque, const struct key *key, bool new);
void keys_compare(const struct keys *before, const struct keys *now, keys_changed *each,
		  void *opaque);

#endif
