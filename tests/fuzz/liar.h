/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vhost-user back-end that lies. The answers to what is going to be asked are written in advance,
 * honest or not, as its input says.
 */
#ifndef VHART_FUZZ_LIAR_H
#define VHART_FUZZ_LIAR_H

#include "devices/vhost_device.h"
#include "devices/vhost_link.h"
#include "tests/fuzz/program.h"

struct liar {
	struct input *input;
	const struct vhost_type *type;
	int socket; /* the back-end's end */
	struct machine machine;
	struct vhost_link link;
	struct guest_driver driver;
	struct virtio_device *device;
};

void liar_say(const struct liar *liar, const void *bytes, size_t len);
/* What is left on both sides is forgotten. */
void liar_forget(const struct liar *liar);

/* What it will be asked first. */
void liar_answer_greeting(const struct liar *liar);
/* All that is awaited now. */
void liar_answer_pending(const struct liar *liar);
/* And that the rings stop; behind that is nonsense, for who waits for more. */
void liar_answer_stop(const struct liar *liar);
void liar_say_nonsense(const struct liar *liar);

/* A file of memory. */
int liar_memory(void);

#endif
