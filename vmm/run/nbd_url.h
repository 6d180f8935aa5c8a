/* SPDX-License-Identifier: Apache-2.0 */
/* Where a disk is that an NBD server has: nbd://HOST[:PORT]/EXPORT, or
 * nbd+unix:///EXPORT?socket=PATH. Pure. */
#ifndef VHART_NBD_URL_H
#define VHART_NBD_URL_H

#include <limits.h>

#define NBD_NAME_MAX 4096u /* the protocol's limit of an export's name, in bytes */

struct nbd_url {
	char host[256]; /* "" with a socket; an IPv6 address is without brackets */
	char port[6];
	char socket[PATH_MAX]; /* "" with a host */
	char name[NBD_NAME_MAX + 1];
};

/* NULL, or what was expected. */
const char *nbd_url_parse(const char *text, struct nbd_url *url);

#endif
