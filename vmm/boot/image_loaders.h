/* SPDX-License-Identifier: Apache-2.0 */
/* The loaders behind image_load(), and what they share. */
#ifndef VHART_IMAGE_LOADERS_H
#define VHART_IMAGE_LOADERS_H

#include "base/guest_memory.h"
#include "base/image_formats.h"

struct image_place;

/* The refusal of an image that ends at guest-physical END, beyond MEMORY. */
bool image_refuse_size(char message[IMAGE_MESSAGE_MAX], const struct guest_memory *memory,
		       uint64_t end);

bool image_load_linux(const struct blob *blob, const struct guest_memory *memory,
		      struct image_place *place, char message[IMAGE_MESSAGE_MAX]);
bool image_load_elf(const struct blob *blob, const struct guest_memory *memory,
		    struct image_place *place, char message[IMAGE_MESSAGE_MAX]);

#endif
