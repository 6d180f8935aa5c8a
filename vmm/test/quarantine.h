/* SPDX-License-Identifier: Apache-2.0 */
/* The list of tests whose failures are known: lines "NAME REASON", "#" begins a comment. */
#ifndef VHART_QUARANTINE_H
#define VHART_QUARANTINE_H

#include "vmm/test/suite.h"

/*
 * Marks the tests of SUITE that the file PATH names, by their name or its last component. A NAME
 * that is no test is a warning. 0, or STATUS_USAGE after error(): it cannot be read, or a line has
 * no reason.
 */
int quarantine_read(const char *path, struct suite *suite);

#endif
