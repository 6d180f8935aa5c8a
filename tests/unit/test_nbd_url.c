/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/run/nbd_url.h"

static struct nbd_url url;

static void urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *port, *socket, *name;
	} rows[] = {
		{"nbd://h", "h", "10809", "", ""},
		{"nbd://h/", "h", "10809", "", ""},
		{"nbd://h:1/a", "h", "1", "", "a"},
		{"nbd://10.0.2.2:65535/a/b", "10.0.2.2", "65535", "", "a/b"},
		{"nbd://[::1]/a", "::1", "10809", "", "a"},
		{"nbd://[fe80::1%25eth0]:7", "fe80::1%eth0", "7", "", ""},
		{"nbd://h/a%2cb%3F%41", "h", "10809", "", "a,b?A"},
		{"nbd://h/%C3%a4", "h", "10809", "", "\xc3\xa4"},
		{"nbd+unix:///?socket=/s", "", "", "/s", ""},
		{"nbd+unix:///a/b?socket=/run/my%20s", "", "", "/run/my s", "a/b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(nbd_url_parse(rows[i].text, &url));
		assert_string_equal(url.host, rows[i].host);
		assert_string_equal(url.port, rows[i].port);
		assert_string_equal(url.socket, rows[i].socket);
		assert_string_equal(url.name, rows[i].name);
	}
}

static void what_is_none_is_told(void **state)
{
	static const char *const bad[] = {
		"nbd://",
		"nbd:///a",
		"nbd://:7/a",
		"nbd://h:/a",
		"nbd://h:0",
		"nbd://h:65536",
		"nbd://h:7x",
		"nbd://h:000001",
		"nbd://[::1",
		"nbd://[::1]7",
		"nbd://[]/a",
		"nbd://h/a?b",
		"nbd://h/a#b",
		"nbd://h?socket=/s",
		"nbd://h/%",
		"nbd://h/%4",
		"nbd://h/%4g",
		"nbd://h/%00",
		"nbd://%zz/a",
		"nbds://h/a",
		"nbd+unix:///a",
		"nbd+unix:///?socket=",
		"nbd+unix:///?socket=s",
		"nbd+unix://h/?socket=/s",
		"nbd+unix:///a?socket=/s&b",
		"nbd:unix:/s",
		"http://h",
		"",
		"nbd",
		"/a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(nbd_url_parse(bad[i], &url));
}

static void a_part_that_is_too_long_is_refused(void **state)
{
	static char text[3 * NBD_NAME_MAX];

	(void)state;
	for (unsigned int len = NBD_NAME_MAX - 1; len < NBD_NAME_MAX + 2; len++) {
		snprintf(text, sizeof(text), "nbd://h/%0*d", (int)len, 0);
		assert_int_equal(nbd_url_parse(text, &url) == NULL, len <= NBD_NAME_MAX);
	}
	for (unsigned int len = 254; len < 258; len++) {
		snprintf(text, sizeof(text), "nbd://%0*d/", (int)len, 0);
		assert_int_equal(nbd_url_parse(text, &url) == NULL, len <= 255);
	}
}

/* Any bytes: what is taken fits, and is what it was made of. */
static void any_text_is_taken_or_refused(void **state)
{
	static const char *const parts[] = {
		"nbd://", "nbd+unix:///", "?socket=", "/", ":", "[", "]", "%", "%2c", "h",
		"7",	  "\xff",	  "?",	      "#", "&"};
	char text[256];

	(void)state;
	srand(12);
	for (unsigned int round = 0; round < 50000; round++) {
		*text = '\0';
		for (int i = rand() % 12; i > 0; i--)
			strcat(text, parts[(size_t)rand() % (sizeof(parts) / sizeof(parts[0]))]);
		if (nbd_url_parse(text, &url))
			continue;
		assert_true(!*url.host != !*url.socket);
		assert_true(strlen(url.name) <= strlen(text));
		assert_true(*url.socket ? *url.socket == '/' : atoi(url.port) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(what_is_none_is_told),
		cmocka_unit_test(a_part_that_is_too_long_is_refused),
		cmocka_unit_test(any_text_is_taken_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
