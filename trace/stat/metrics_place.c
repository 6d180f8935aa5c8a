/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/metrics_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "trace/stat/replaced_file.h"

#define OPTION "--openmetrics"

static const char socket_words[] = "unix=";
#define SOCKET_WORDS (sizeof(socket_words) - 1)

bool metrics_place_is_socket(const char *given)
{
	return !strncmp(given, socket_words, SOCKET_WORDS);
}

bool metrics_place_is_named(const char *given)
{
	return given[metrics_place_is_socket(given) ? SOCKET_WORDS : 0] != '\0';
}

bool metrics_place_open(struct metrics_place *place, const char *given, metrics_text *text,
			void *opaque)
{
	*place = (struct metrics_place){.path = given, .text = text, .opaque = opaque};
	if (!metrics_place_is_socket(given))
		return true;
	place->path += SOCKET_WORDS;
	place->server = metrics_server_new(place->path, text, opaque);
	return place->server != NULL;
}

void metrics_place_close(struct metrics_place *place)
{
	metrics_server_free(place->server);
	place->server = NULL;
}

bool metrics_place_can(const struct metrics_place *place)
{
	return replaced_file_can(OPTION, place->path);
}

bool metrics_place_write(const struct metrics_place *place)
{
	size_t len;
	char *text;
	bool good;

	if (place->server)
		return true;
	text = place->text(place->opaque, &len);
	if (!text)
		error(OPTION " %s: no memory", place->path);
	good = text && replaced_file_write(OPTION, place->path, text, len);
	free(text);
	return good;
}
