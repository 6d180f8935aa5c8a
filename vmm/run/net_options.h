/* SPDX-License-Identifier: Apache-2.0 */
/* --net: network cards. Pure. */
#ifndef VHART_NET_OPTIONS_RUN_H
#define VHART_NET_OPTIONS_RUN_H

#include "vmm/config.h"

/* As parse of base/option_spec.h; TARGET is a struct config. */
const char *net_option(char *value, void *target);
/* NULL, or what was expected: six pairs of digits, of one card's own address. */
const char *net_option_mac(const char *text, uint8_t mac[6]);

/* When all are read: each card gets what it was not given, its network and its MAC, those of
 * --vhost-user too. */
void net_options_complete(struct config *config);
/* And then: what is wrong with all of them together, or NULL. */
const char *net_options_contradiction(const struct config *config);

#endif
