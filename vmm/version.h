/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart --version` says. */
#ifndef VHART_VERSION_H
#define VHART_VERSION_H

#include <stdio.h>

/* The version, which meson.build has, in the first line; then what the program was built with. */
void version_print(FILE *to);

#endif
