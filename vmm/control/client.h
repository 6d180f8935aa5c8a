/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of the control socket. */
#ifndef VHART_CLIENT_H
#define VHART_CLIENT_H

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "vmm/control/protocol.h"

struct client_connection {
	int fd;
	struct protocol_lines lines;
	json_object *greeting;
};

/* Where process PID, a vhart, has its control socket, as this process can reach it. False: it has
 * none. */
bool client_socket_of(pid_t pid, char path[PATH_MAX]);

/* Connects to the socket of VM, which is a VM's name, or a path where there is a slash in it. False
 * after error(). */
bool client_connect(struct client_connection *client, const char *vm);
/* The same without a line: at PATH. 0 or -errno. */
int client_open(struct client_connection *client, const char *path);
void client_close(struct client_connection *client);

/* Asks for VERB with ARGS (taken over; NULL: none). The answer, which the caller puts; NULL: the VM
 * is gone. */
json_object *client_ask(struct client_connection *client, const char *verb, json_object *args);
/* The next object that comes; NULL: the VM is gone. */
json_object *client_next(struct client_connection *client);

#endif
