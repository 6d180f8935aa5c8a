/* SPDX-License-Identifier: Apache-2.0 */
/* Where metrics go to, "FILE" or "unix=PATH" of --openmetrics: a file whose readers see a whole
 * text, or a socket that is answered. One thread. */
#ifndef VHART_METRICS_PLACE_H
#define VHART_METRICS_PLACE_H

#include <stdbool.h>

#include "trace/stat/metrics_server.h"

struct metrics_place {
	const char *path;	       /* of the file or the socket */
	struct metrics_server *server; /* NULL: it is a file */
	metrics_text *text;
	void *opaque;
};

bool metrics_place_is_socket(const char *given);
/* Whether there is a FILE or a PATH in it. */
bool metrics_place_is_named(const char *given);

/* TEXT makes what is there, with OPAQUE. The socket listens; nothing is written to a file yet.
 * False after error(). */
bool metrics_place_open(struct metrics_place *place, const char *given, metrics_text *text,
			void *opaque);
void metrics_place_close(struct metrics_place *place);

/* Whether the file could be written now; false after error(). */
bool metrics_place_can(const struct metrics_place *place);
/* Makes the text and writes it to the file; false after error(). Does nothing at a socket. */
bool metrics_place_write(const struct metrics_place *place);

#endif
