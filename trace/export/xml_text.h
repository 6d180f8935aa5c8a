/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text in XML and HTML: the one place where it is escaped. Pure. */
#ifndef VHART_XML_TEXT_H
#define VHART_XML_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* TEXT as printable() shows it, with &, <, >, " and ' escaped: fit to stand between tags and
 * between quotes. */
void xml_put(FILE *to, const char *text);
/* The first SIZE bytes of it. */
void xml_put_part(FILE *to, const char *text, size_t size);

#endif
