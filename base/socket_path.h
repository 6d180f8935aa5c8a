/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of the file system, of this user only. */
#ifndef VHART_SOCKET_PATH_H
#define VHART_SOCKET_PATH_H

#include <stddef.h>

/*
 * A stream socket that listens at PATH, mode 0600. A socket there that nobody listens at is
 * replaced; anything else is not touched. -1 after error(), which names OPTION.
 */
int socket_path_listen(const char *option, const char *path);
/* The same; -1 with words in WHY (ROOM bytes), that have a way out. */
int socket_path_open(const char *path, char *why, size_t room);
/* Takes away what is at PATH, unless somebody has put something else there since OWN was taken of
 * it (lstat()). */
struct stat;
void socket_path_remove(const char *path, const struct stat *own);
/* Connected to PATH; -1 with errno. */
int socket_path_connect(const char *path);
/* The same, when whoever listens has room for it now (else EAGAIN); the socket does not block. */
int socket_path_connect_at_once(const char *path);

#endif
