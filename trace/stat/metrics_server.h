/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket of the file system at which every client that connects is sent one text, made for it at
 * that moment, and then the end of it. Nothing is read. No client makes the caller wait: one that
 * takes nothing for a while is dropped. One thread.
 */
#ifndef VHART_METRICS_SERVER_H
#define VHART_METRICS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct metrics_server;

/* A text (malloc), *LEN bytes of it; NULL: there is no memory, and the client gets nothing. */
typedef char *metrics_text(void *opaque, size_t *len);

#define METRICS_CLIENTS 16u /* at once; others wait until one is done */

/* Listens at PATH, mode 0600. NULL after error(). */
struct metrics_server *metrics_server_new(const char *path, metrics_text *text, void *opaque);
/* NULL is fine. The socket's name goes, unless it is another's by now. */
void metrics_server_free(struct metrics_server *server);

/* Readable when metrics_server_serve() has something to do. */
int metrics_server_fd(const struct metrics_server *server);
/* Does it, for METRICS_CLIENTS new ones at most. To be called every second as well. */
void metrics_server_serve(struct metrics_server *server);

#endif
