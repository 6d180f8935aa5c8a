/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/run/net_options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/hex_digit.h"
#include "base/option_spec.h"

#define TAP_NAME_MAX 15 /* IFNAMSIZ with its zero */

_Static_assert(CONFIG_MAX_NETS == 8 && CONFIG_MAX_FORWARDS == 32, "messages have the numbers");
_Static_assert(NET_PAIRS_MOST == 8, "messages have the number");
_Static_assert(NET_MTU_LEAST == 1280 && NET_MTU_MOST == 65521, "messages have the numbers");

static const char mac_expected[] =
	"expected mac=52:54:00:12:34:56 or the like, and no group's address: the first byte is "
	"even";
static const char mtu_expected[] = "expected an MTU from 1280 to 65521";
static const char forward_expected[] =
	"expected hostfwd=tcp:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT, or udp, with IPv4 "
	"addresses, such as hostfwd=tcp::2222-:22";
static const char expected[] =
	"expected user, passt, none, or tap=IF with the name of an interface, and behind it mac=M "
	"or mtu=N, for user and passt hostfwd=RULE, and for tap vhost=on|off|auto or queues=N";
static const char vhost_expected[] =
	"expected vhost=on, off or auto: whether the host's kernel moves the packets";
static const char queues_expected[] = "expected a number of pairs of queues from 1 to 8";

/* ---- words behind the first comma ---- */

const char *net_option_mac(const char *text, uint8_t mac[6])
{
	static const uint8_t none[6];

	for (unsigned int i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return mac_expected;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return mac[0] & 1 || !memcmp(mac, none, sizeof(none)) ? mac_expected : NULL;
}

static bool has_mac(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, sizeof(none)) != 0;
}

static const char *take_mac(struct config_net *net, char *text)
{
	return has_mac(net->mac) ? mac_expected : net_option_mac(text, net->mac);
}

static const char *take_mtu(struct config_net *net, char *text)
{
	uint64_t mtu;

	if (net->mtu || !option_number(text, NET_MTU_MOST, &mtu) || mtu < NET_MTU_LEAST)
		return mtu_expected;
	net->mtu = (unsigned int)mtu;
	return NULL;
}

/* [ADDRESS]:PORT. An address that is left out stays what it is. */
static bool take_end(char *text, struct in_addr *address, uint16_t *port)
{
	char *number = text ? strchr(text, ':') : NULL;
	uint64_t value;

	if (!number)
		return false;
	*number++ = '\0';
	if ((*text && inet_pton(AF_INET, text, address) != 1) ||
	    !option_number(number, UINT16_MAX, &value) || value == 0)
		return false;
	*port = (uint16_t)value;
	return true;
}

static const char *take_forward(struct config_net *net, char *text)
{
	struct net_forward *forward = &net->forwards[net->forward_count];
	const char *protocol = strsep(&text, ":");
	char *host = strsep(&text, "-");

	if (net->tap)
		return "only --net user and --net passt have forwards: the host reaches a guest on "
		       "a tap interface by itself";
	if (net->forward_count == CONFIG_MAX_FORWARDS)
		return "there are 32 forwards to this card already, and no more can be";
	*forward = (struct net_forward){.host.s_addr = htonl(INADDR_LOOPBACK)};
	forward->udp = !strcmp(protocol, "udp");
	if ((!forward->udp && strcmp(protocol, "tcp") != 0 && *protocol) ||
	    !take_end(host, &forward->host, &forward->host_port) ||
	    !take_end(text, &forward->guest, &forward->guest_port))
		return forward_expected;
	if (net->passt && forward->guest.s_addr)
		return "passt knows one address of its guest: leave GUESTADDR out";
	net->forward_count++;
	return NULL;
}

static const char *take_vhost(struct config_net *net, char *text)
{
	static const char *const names[] = {
		[NET_VHOST_AUTO] = "auto", [NET_VHOST_ON] = "on", [NET_VHOST_OFF] = "off"};

	if (!net->tap)
		return "only --net tap=IF has vhost=: it is about tap interfaces";
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]) && !net->vhost_said; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		net->vhost = (enum net_vhost)i;
		net->vhost_said = true;
		return NULL;
	}
	return vhost_expected;
}

static const char *take_queues(struct config_net *net, char *text)
{
	uint64_t queues;

	if (!net->tap)
		return "only --net tap=IF has queues=: the others have one pair";
	if (net->queues || !option_number(text, NET_PAIRS_MOST, &queues) || queues == 0)
		return queues_expected;
	net->queues = (unsigned int)queues;
	return NULL;
}

static const struct word {
	const char *begins;
	/* NULL, or what was expected. */
	const char *(*take)(struct config_net *net, char *text);
} words[] = {
	{"mac=", take_mac},	{"mtu=", take_mtu},	  {"hostfwd=", take_forward},
	{"vhost=", take_vhost}, {"queues=", take_queues},
};

static const char *take_word(struct config_net *net, char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(text, words[i].begins, strlen(words[i].begins)))
			return words[i].take(net, text + strlen(words[i].begins));
	return expected;
}

/* ---- the option ---- */

/* What the card is plugged into. */
static bool take_cable(struct config_net *net, const char *text)
{
	const char *tap = !strncmp(text, "tap=", 4) ? text + 4 : NULL;

	*net = (struct config_net){.tap = tap, .passt = !strcmp(text, "passt")};
	if (!tap)
		return net->passt || !strcmp(text, "user");
	return *tap && strlen(tap) <= TAP_NAME_MAX && !strpbrk(tap, "/ \t\n");
}

const char *net_option(char *value, void *target)
{
	struct config *config = target;
	struct config_net *net = &config->nets[config->net_count];
	const char *wrong = NULL;

	if (!strcmp(value, "none")) {
		config->no_net = true;
		return NULL;
	}
	if (config->net_count == CONFIG_MAX_NETS)
		return "there are 8 network cards already, and no more can be";
	if (!take_cable(net, strsep(&value, ",")))
		return expected;
	for (char *part = strsep(&value, ","); part && !wrong; part = strsep(&value, ","))
		wrong = take_word(net, part);
	config->net_count += !wrong;
	return wrong;
}

/* ---- all of them ---- */

/* One of --vhost-user. */
static bool is_card(const struct config_backend *backend)
{
	return backend->socket && !strcmp(backend->type, "net");
}

static bool is_user(const struct config_net *net)
{
	return !net->tap && !net->passt;
}

static void complete_forwards(struct config_net *net)
{
	for (unsigned int i = 0; i < net->forward_count; i++)
		if (!net->forwards[i].guest.s_addr)
			net->forwards[i].guest = net_user_address(net->subnet, 15);
}

void net_options_complete(struct config *config)
{
	unsigned int subnet = NET_USER_SUBNET;
	char cable[24];

	for (unsigned int i = 0; i < config->net_count; i++) {
		struct config_net *net = &config->nets[i];

		snprintf(cable, sizeof(cable), "net%u", i);
		/* Cards of several VMs meet on one bridge, each by an interface of its own. */
		if (!has_mac(net->mac))
			net_make_mac(net->mac, net->tap ? net->tap : cable);
		if (!net->tap && !net->mtu)
			net->mtu = NET_MTU_USER;
		if (!is_user(net))
			continue;
		net->subnet = subnet++;
		complete_forwards(net);
	}
	for (unsigned int i = 0; i < config->backend_count; i++) {
		snprintf(cable, sizeof(cable), "vhost-net%u", i);
		if (is_card(&config->backends[i]) && !has_mac(config->backends[i].mac))
			net_make_mac(config->backends[i].mac, cable);
	}
}

static bool forwards_stay_within(const struct config_net *net)
{
	const uint32_t network = net_user_address(net->subnet, 0).s_addr, mask = htonl(0xffffff00);

	for (unsigned int i = 0; i < net->forward_count; i++)
		if ((net->forwards[i].guest.s_addr & mask) != network)
			return false;
	return true;
}

static bool macs_differ(const struct config *config)
{
	const uint8_t *macs[CONFIG_MAX_NETS + CONFIG_MAX_BACKENDS];
	unsigned int count = 0;

	for (unsigned int i = 0; i < config->net_count; i++)
		macs[count++] = config->nets[i].mac;
	for (unsigned int i = 0; i < config->backend_count; i++)
		if (is_card(&config->backends[i]))
			macs[count++] = config->backends[i].mac;
	for (unsigned int i = 1; i < count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (!memcmp(macs[i], macs[j], 6))
				return false;
	return true;
}

const char *net_options_contradiction(const struct config *config)
{
	if (config->no_net && config->net_count)
		return "--net none: there are other --net options: leave one or the other out";
	if (!macs_differ(config))
		return "two network cards have one MAC, by which networks tell them apart: give "
		       "each its own: mac=52:54:00:12:34:56";
	for (unsigned int i = 0; i < config->net_count; i++)
		if (is_user(&config->nets[i]) && !forwards_stay_within(&config->nets[i]))
			return "hostfwd=: the guest's address is not in its card's network, which "
			       "is 10.0.2.0/24 for the first --net user, 10.0.3.0/24 for the "
			       "second and so on";
	return NULL;
}
