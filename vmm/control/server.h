/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a listening socket of mode 0600, a thread that accepts, and a thread for each
 * client, so that one that waits, or does not read, keeps nobody else.
 */
#ifndef VHART_SERVER_H
#define VHART_SERVER_H

struct control;
struct server;

/* Listens at PATH from now on. What is there already is not touched, unless it is a socket that
 * nobody listens at. NULL after error(). */
struct server *server_new(struct control *control, const char *path);
/* Ends all connections, once what was posted has been sent or a second has passed, and removes
 * PATH. NULL: nothing. */
void server_free(struct server *server);

#endif
