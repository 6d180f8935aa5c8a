/* SPDX-License-Identifier: Apache-2.0 */
/* What helps a user against an errno, where vhart tried to get something from the kernel. Pure. */
#ifndef VHART_WAY_OUT_H
#define VHART_WAY_OUT_H

enum way_out_subject {
	WAY_OUT_BPF,	    /* loading and attaching BPF programs, and their maps */
	WAY_OUT_SAMPLING,   /* a perf event that samples threads */
	WAY_OUT_TRACEPOINT, /* perf events of tracepoints, on all CPUs */
	WAY_OUT_TRACEFS,    /* reading tracefs */
	WAY_OUT_SUBJECTS,
};

/*
 * A sentence without a dot, never NULL. None gives vhart a capability: it opens files that its user
 * names, and a program that may do more than its user must not.
 */
const char *way_out(enum way_out_subject subject, int error);

#endif
