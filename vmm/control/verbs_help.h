/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs as text: for people, for the manual, and as a JSON schema. */
#ifndef VHART_VERBS_HELP_H
#define VHART_VERBS_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct verb;

/* "wait EVENT [SECONDS] [TEXT]" */
void verb_usage(const struct verb *verb, char *out, size_t room);

/*
 * To standard output, what `vhart ctl help` says: of the verb called NAME, or all (NULL); NAME may
 * be "mdoc", for the manual's section, "markdown", or "schema", for the JSON schema of
 * requests. False after error().
 */
bool verbs_help(const char *name);

#endif
