/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/passt_words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* passt(1): ADDRESS/PORT:PORT, where the second is the guest's. */
static void write_rule(char rule[PASST_RULE_LEN], const struct net_forward *forward)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &forward->host, address, sizeof(address));
	snprintf(rule, PASST_RULE_LEN, "%s/%u:%u", address, (unsigned int)forward->host_port,
		 (unsigned int)forward->guest_port);
}

void passt_words(struct passt_words *words, const char *program, const struct config_net *net)
{
	/* A connection that it did not make itself is its only one: it ends with that. */
	static const char *const always[] = {"--vhost-user", "--foreground", "--quiet", "--fd",
					     "3"};
	unsigned int count = 0;

	memset(words, 0, sizeof(*words));
	words->arguments[count++] = program;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		words->arguments[count++] = always[i];
	if (net->mtu) {
		snprintf(words->mtu, sizeof(words->mtu), "%u", net->mtu);
		words->arguments[count++] = "--mtu";
		words->arguments[count++] = words->mtu;
	}
	for (unsigned int i = 0; i < net->forward_count; i++) {
		write_rule(words->rules[i], &net->forwards[i]);
		words->arguments[count++] = net->forwards[i].udp ? "--udp-ports" : "--tcp-ports";
		words->arguments[count++] = words->rules[i];
	}
}
