/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/net_header.h"

#include <endian.h>
#include <string.h>

#define ETHERNET_LEN 14u

#define BIT(feature) (1ull << (feature))

/* What can be cut into segments. */
static const struct segmentation {
	uint8_t type;
	uint64_t sent;		/* the feature by which a guest may send it */
	uint64_t taken;		/* those by which it takes it, all of them */
	unsigned int checksum;	/* where its protocol has that */
	unsigned int least_len; /* of its protocol's header */
} segmentations[] = {
	{NET_GSO_TCPV4, BIT(NET_F_HOST_TSO4), BIT(NET_F_GUEST_TSO4), 16, 20},
	{NET_GSO_TCPV6, BIT(NET_F_HOST_TSO6), BIT(NET_F_GUEST_TSO6), 16, 20},
	{NET_GSO_UDP, BIT(NET_F_HOST_UFO), BIT(NET_F_GUEST_UFO), 6, 8},
	{NET_GSO_UDP_L4, BIT(NET_F_HOST_USO), BIT(NET_F_GUEST_USO4) | BIT(NET_F_GUEST_USO6), 6, 8},
};

static const struct segmentation *find(uint8_t gso_type)
{
	for (size_t i = 0; i < sizeof(segmentations) / sizeof(segmentations[0]); i++)
		if (segmentations[i].type == (gso_type & ~NET_GSO_ECN))
			return &segmentations[i];
	return NULL;
}

static const char *check_checksum(const struct net_header *header, uint64_t features, size_t len)
{
	const size_t start = le16toh(header->csum_start), offset = le16toh(header->csum_offset);

	if (!(features & BIT(NET_F_CSUM)))
		return "asks for a checksum without that feature";
	if (start < ETHERNET_LEN || start + offset + sizeof(uint16_t) > len)
		return "asks for a checksum beyond its bytes";
	return NULL;
}

static const char *check_segments(const struct net_header *header, uint64_t features, size_t len)
{
	const struct segmentation *segmentation = find(header->gso_type);

	if (!segmentation || !(features & segmentation->sent) ||
	    (header->gso_type & NET_GSO_ECN && !(features & BIT(NET_F_HOST_ECN))))
		return "asks for segments of a kind that it has no feature for";
	if (!(header->flags & NET_HEADER_NEEDS_CSUM))
		return "asks for segments without a checksum";
	if (!header->gso_size)
		return "asks for segments of no bytes";
	if (le16toh(header->csum_offset) != segmentation->checksum)
		return "asks for segments with another protocol's checksum";
	if (le16toh(header->csum_start) + (size_t)segmentation->least_len > len)
		return "asks for segments and ends within its headers";
	if (le16toh(header->hdr_len) > len)
		return "asks for segments with headers longer than itself";
	return NULL;
}

const char *net_header_check(struct net_header *header, uint64_t features, size_t len)
{
	const char *wrong = NULL;

	/* The other flags are the device's (section 5.1.6.2). */
	header->flags &= NET_HEADER_NEEDS_CSUM;
	header->num_buffers = 0;
	if (header->flags)
		wrong = check_checksum(header, features, len);
	else
		header->csum_start = header->csum_offset = 0;
	if (!wrong && header->gso_type != NET_GSO_NONE)
		return check_segments(header, features, len);
	header->gso_size = header->hdr_len = 0;
	return wrong;
}

bool net_header_fits(const struct net_header *header, uint64_t features)
{
	const struct segmentation *segmentation = find(header->gso_type);

	if (header->flags & NET_HEADER_NEEDS_CSUM && !(features & BIT(NET_F_GUEST_CSUM)))
		return false;
	if (header->gso_type == NET_GSO_NONE)
		return true;
	if (header->gso_type & NET_GSO_ECN && !(features & BIT(NET_F_GUEST_ECN)))
		return false;
	return segmentation && (features & segmentation->taken) == segmentation->taken;
}
