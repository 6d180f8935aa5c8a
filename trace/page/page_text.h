/* SPDX-License-Identifier: Apache-2.0 */
/* page.js and page.css, which the build turns into text of the program. */
#ifndef VHART_PAGE_TEXT_H
#define VHART_PAGE_TEXT_H

/* ASCII; without the end of a script or style element. */
extern const char page_script[], page_style[];

#endif
