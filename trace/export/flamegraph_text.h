/* SPDX-License-Identifier: Apache-2.0 */
/* flamegraph.js and flamegraph.css, which the build turns into text of the program. */
#ifndef VHART_FLAMEGRAPH_TEXT_H
#define VHART_FLAMEGRAPH_TEXT_H

/* They stand in a CDATA section, so they have no "]]>"; each is ASCII and ends with a line feed. */
extern const char flamegraph_script[], flamegraph_style[];

#endif
