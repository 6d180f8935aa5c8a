/* SPDX-License-Identifier: Apache-2.0 */
/* What passt is told on its command line. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vmm/run/passt_words.h"

/* Each WORD in its place, and no more. */
static void assert_words(const struct passt_words *words, const char *expected)
{
	char all[8192] = "";

	for (const char *const *word = words->arguments; *word; word++) {
		strcat(all, all[0] ? " " : "");
		strcat(all, *word);
	}
	assert_string_equal(all, expected);
}

static void without_options_nothing_is_forwarded(void **state)
{
	const struct config_net net = {.passt = true};
	struct passt_words words;

	(void)state;
	passt_words(&words, "/usr/bin/passt", &net);
	assert_words(&words, "/usr/bin/passt --vhost-user --foreground --quiet --fd 3");
}

static void forwards_are_said_as_passt_spells_them(void **state)
{
	struct config_net net = {
		.passt = true,
		.mtu = 9000,
		.forwards = {{.host.s_addr = htonl(INADDR_LOOPBACK),
			      .host_port = 2222,
			      .guest_port = 22},
			     {.udp = true, .host_port = 53, .guest_port = 5353}},
		.forward_count = 2,
	};
	struct passt_words words;

	(void)state;
	passt_words(&words, "passt", &net);
	assert_words(&words, "passt --vhost-user --foreground --quiet --fd 3 --mtu 9000 "
			     "--tcp-ports 127.0.0.1/2222:22 --udp-ports 0.0.0.0/53:5353");
}

/* The most of everything, in its longest form. */
static void there_is_room_for_all_forwards(void **state)
{
	struct config_net net = {.passt = true, .mtu = 65521, .forward_count = CONFIG_MAX_FORWARDS};
	struct passt_words words;
	unsigned int count = 0;

	(void)state;
	for (unsigned int i = 0; i < CONFIG_MAX_FORWARDS; i++)
		net.forwards[i] = (struct net_forward){.udp = true,
						       .host.s_addr = UINT32_MAX,
						       .host_port = UINT16_MAX,
						       .guest_port = UINT16_MAX};
	passt_words(&words, "passt", &net);
	while (words.arguments[count])
		count++;
	assert_true(count < PASST_ARGUMENTS);
	assert_string_equal(words.arguments[count - 1], "255.255.255.255/65535:65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_nothing_is_forwarded),
		cmocka_unit_test(forwards_are_said_as_passt_spells_them),
		cmocka_unit_test(there_is_room_for_all_forwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
