/* SPDX-License-Identifier: Apache-2.0 */
/* Completions of one value: of an option's row, of a verb's argument. Pure. */
#ifndef VHART_COMPLETE_VALUE_H
#define VHART_COMPLETE_VALUE_H

#include <stdio.h>

#include "base/option_spec.h"
#include "vmm/complete_sources.h"
#include "vmm/control/verbs.h"

/* One word that is being typed. */
struct completing {
	const struct complete_sources *sources;
	const char *typed; /* so far; what is offered begins with it */
	FILE *out;
};

/* Offers the word that LEAD, of LEAD_LEN bytes, WORD, of WORD_LEN, make together; HELP may be NULL.
 */
void complete_offer_bytes(const struct completing *completing, const char *lead, size_t lead_len,
			  const char *word, size_t word_len, const char *help);
/* The same of a whole WORD behind the first LEAD bytes of what is typed. */
void complete_offer(const struct completing *completing, size_t lead, const char *word,
		    const char *help);

/* What SPEC's value can be: it begins LEAD bytes into what is typed. */
void complete_value(const struct completing *completing, const struct option_spec *spec,
		    size_t lead);
/* The same of a verb's ARGUMENT. */
void complete_argument(const struct completing *completing, const struct verb_argument *argument,
		       size_t lead);

/* The names of the VMs that run; CONTROLLED: only of those that have a control socket. */
void complete_names(const struct completing *completing, size_t lead, bool controlled);
/* Paths, which begin LEAD bytes into what is typed: the shell knows them best. */
void complete_files(const struct completing *completing, size_t lead);

#endif
