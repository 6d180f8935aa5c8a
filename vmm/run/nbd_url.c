/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/nbd_url.h"

#include <stdbool.h>
#include <string.h>

#include "base/hex_digit.h"
#include "base/option_spec.h"

static const char expected[] =
	"expected nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH, where PATH is "
	"absolute; what a URL keeps for itself, and a comma, is written as %XX in it";

static const char tcp[] = "nbd://", local[] = "nbd+unix:///", query[] = "?socket=";
static const char standard_port[] = "10809";

/* The LEN bytes at FROM, with each %XX as the byte it stands for. False: there is no room for it,
 * or it is none; a byte 0 is none either. */
static bool decode(const char *from, size_t len, char *to, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char byte = from[i];

		if (byte == '%') {
			const int high = i + 1 < len ? hex_digit(from[i + 1]) : -1;
			const int low = i + 2 < len ? hex_digit(from[i + 2]) : -1;

			byte = high < 0 || low < 0 ? '\0' : (char)(high << 4 | low);
			i += 2;
		}
		if (!byte || used + 1 >= room)
			return false;
		to[used++] = byte;
	}
	to[used] = '\0';
	return true;
}

/* HOST[:PORT], [ADDRESS][:PORT] of IPv6. */
static bool take_server(const char *from, size_t len, struct nbd_url *url)
{
	const bool bracket = len && *from == '[';
	const char *end = bracket ? memchr(from, ']', len) : memchr(from, ':', len);
	const char *port = standard_port, *host = bracket ? from + 1 : from;
	size_t port_len = strlen(standard_port);
	uint64_t number;

	if (bracket && !end)
		return false;
	if (!end)
		end = from + len;
	/* What is behind the host. */
	from += len;
	if (!decode(host, (size_t)(end - host), url->host, sizeof(url->host)) || !*url->host)
		return false;
	end += bracket;
	if (end != from) {
		if (*end != ':')
			return false;
		port = end + 1;
		port_len = (size_t)(from - port);
	}
	if (port_len < 1 || port_len >= sizeof(url->port))
		return false;
	memcpy(url->port, port, port_len);
	url->port[port_len] = '\0';
	return option_number(url->port, 65535, &number) && number > 0;
}

static bool take_tcp(const char *text, struct nbd_url *url)
{
	const size_t len = strcspn(text, "/?#");
	const char *name = text + len;

	if (*name == '/')
		name++;
	return take_server(text, len, url) && !name[strcspn(name, "?#")] &&
	       decode(name, strlen(name), url->name, sizeof(url->name));
}

static bool take_local(const char *text, struct nbd_url *url)
{
	const size_t len = strcspn(text, "?#");

	if (strncmp(text + len, query, strlen(query)) != 0 ||
	    !decode(text, len, url->name, sizeof(url->name)))
		return false;
	text += len + strlen(query);
	return !text[strcspn(text, "?#&")] &&
	       decode(text, strlen(text), url->socket, sizeof(url->socket)) && *url->socket == '/';
}

const char *nbd_url_parse(const char *text, struct nbd_url *url)
{
	bool good = false;

	memset(url, 0, sizeof(*url));
	if (!strncmp(text, tcp, strlen(tcp)))
		good = take_tcp(text + strlen(tcp), url);
	else if (!strncmp(text, local, strlen(local)))
		good = take_local(text + strlen(local), url);
	return good ? NULL : expected;
}
