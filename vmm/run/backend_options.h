/* SPDX-License-Identifier: Apache-2.0 */
/* --share, --vhost-user and some of --disk: devices whose work another process does. Pure. */
#ifndef VHART_BACKEND_OPTIONS_H
#define VHART_BACKEND_OPTIONS_H

#include "vmm/config.h"

/* As parse of base/option_spec.h; TARGET is a struct config. */
const char *backend_option_share(char *value, void *target);
const char *backend_option_vhost_user(char *value, void *target);

/* Each disk that another process serves gets one. NULL, or what is wrong. */
const char *backend_options_add_disks(struct config *config);

/* The folder of --root, which the guest only reads. NULL, or what is wrong. */
const char *backend_options_add_root(struct config *config);

/* passt for each --net passt. NULL, or what is wrong. */
const char *backend_options_add_passt(struct config *config);

/* When all are read: file systems that were given no tag get "share0", "share1" and so on. */
void backend_options_name(struct config *config);
/* And then: what is wrong with all of them together, or NULL. */
const char *backend_options_contradiction(const struct config *config);

#endif
