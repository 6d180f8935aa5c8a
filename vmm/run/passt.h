/* SPDX-License-Identifier: Apache-2.0 */
/* The process that is the network of a --net passt. */
#ifndef VHART_PASST_H
#define VHART_PASST_H

#include "vmm/config.h"
#include "vmm/run/virtiofsd.h"

/*
 * Starts one for NET, as this user. It takes part in nothing of this process but a socket, whose
 * other end is in *SOCKET_FD, and ends when that is closed. False after error(). What it cannot do,
 * such as to have a port, is known when it answers.
 */
bool passt_start(struct virtiofsd *process, const struct config_net *net, int *socket_fd);

#endif
