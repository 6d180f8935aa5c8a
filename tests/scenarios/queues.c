/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queues of network interfaces, on the lab host and in a guest:
 *
 *     queues make IF     a tap interface that can have several, which stays
 *     queues delete IF
 *     queues get IF      of a card: "2 of 4" are in use
 *     queues set IF N
 */
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

static void keep_tap(struct ifreq *request, int keep)
{
	const int fd = open("/dev/net/tun", O_RDWR);

	request->ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	if (fd < 0 || ioctl(fd, TUNSETIFF, request) || ioctl(fd, TUNSETPERSIST, keep))
		err(1, "%s", request->ifr_name);
}

static void ask_card(struct ifreq *request, struct ethtool_channels *channels)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	request->ifr_data = (void *)channels;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, request))
		err(1, "%s", request->ifr_name);
}

int main(int argc, char **argv)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_flags = 0};

	if (argc < 3 || strlen(argv[2]) >= sizeof(request.ifr_name))
		errx(2, "queues make|delete|get IF, or queues set IF N");
	strcpy(request.ifr_name, argv[2]);
	if (!strcmp(argv[1], "make") || !strcmp(argv[1], "delete")) {
		keep_tap(&request, argv[1][0] == 'm');
		return 0;
	}
	ask_card(&request, &channels);
	if (!strcmp(argv[1], "set") && argc == 4) {
		channels.cmd = ETHTOOL_SCHANNELS;
		channels.combined_count = (unsigned int)strtoul(argv[3], NULL, 10);
		ask_card(&request, &channels);
	} else {
		printf("%u of %u\n", channels.combined_count, channels.max_combined);
	}
	return 0;
}
