/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/net_control.h"

#include <endian.h>
#include <inttypes.h>
#include <stddef.h>

/* Sections 5.1.6.5 and 5.1.6.5.5. */
#define CLASS_MQ      4u
#define MQ_PAIRS_SET  0u
#define ANSWER_OK     0u
#define ANSWER_ERR    1u
#define TURN_COMMANDS 16u

/* All that is read of a command; PAIRS is only that one's. */
struct command {
	uint8_t class, command;
	uint16_t pairs;
};
_Static_assert(sizeof(struct command) == 4, "as the standard lays it out");

#define HEAD_LEN offsetof(struct command, pairs)

/* ---- which queues ---- */

unsigned int net_control_usable(const struct net_control *control)
{
	return virtio_has(control->device, NET_F_MQ) ? control->most : 1;
}

/* Section 5.1.2: behind all the pairs, or behind the first if the driver takes no more. */
unsigned int net_control_queue(const struct net_control *control)
{
	if (control->most == 1 || !virtio_has(control->device, NET_F_CTRL_VQ))
		return 0;
	return net_control_usable(control) * 2;
}

/* ---- commands ---- */

static bool refuse(const struct net_control *control, const char *what, uint64_t number)
{
	machine_guest_error(control->device->machine, control->device->name,
			    "a control command %s (%" PRIu64 ")", what, number);
	return false;
}

static bool set_pairs(struct net_control *control, unsigned int pairs)
{
	if (pairs < 1 || pairs > net_control_usable(control))
		return refuse(control, "for a number of pairs that it does not have", pairs);
	if (pairs != control->pairs && !control->set_pairs(control->device, pairs))
		return false;
	control->pairs = pairs;
	return true;
}

static bool obey(struct net_control *control, const struct virtqueue_chain *chain)
{
	struct command command = {.class = 0};

	/* From here on only the copy counts. */
	virtqueue_read(chain, 0, &command, sizeof(command));
	if (chain->readable_len < HEAD_LEN)
		return refuse(control, "of too few bytes", chain->readable_len);
	if (command.class != CLASS_MQ || command.command != MQ_PAIRS_SET ||
	    !virtio_has(control->device, NET_F_MQ))
		return refuse(control, "that was not offered", command.class);
	if (chain->readable_len != sizeof(command))
		return refuse(control, "of a wrong length", chain->readable_len);
	return set_pairs(control, le16toh(command.pairs));
}

/* Without room for an answer nothing is done: the driver would not know of it. */
static uint32_t answer(struct net_control *control, const struct virtqueue_chain *chain)
{
	uint8_t status;

	if (!chain->writable_len) {
		refuse(control, "without room for its answer", chain->writable_len);
		return 0;
	}
	status = obey(control, chain) ? ANSWER_OK : ANSWER_ERR;
	virtqueue_write(chain, 0, &status, sizeof(status));
	return sizeof(status);
}

/* One command; false when there is none. */
static bool take_one(struct net_control *control, unsigned int queue)
{
	struct virtqueue_chain chain;
	uint32_t written;

	if (!virtio_pop(control->device, queue, &chain))
		return false;
	written = answer(control, &chain);
	virtio_push(control->device, queue, chain.head, written);
	return true;
}

void net_control_kick(struct net_control *control)
{
	const unsigned int queue = net_control_queue(control);
	unsigned int commands = 0;

	if (!queue || !virtio_is_running(control->device))
		return;
	/* Each may keep the host's kernel busy: others get their turn in between. */
	while (commands < TURN_COMMANDS && take_one(control, queue))
		commands++;
	if (commands == TURN_COMMANDS)
		loop_post(machine_loop(control->device->machine), &control->more);
	virtio_notify(control->device, queue);
}

static void go_on(struct loop_task *task)
{
	net_control_kick(task->opaque);
}

/* ---- its life ---- */

void net_control_init(struct net_control *control, struct virtio_device *device, unsigned int most,
		      bool (*set_pairs_of)(struct virtio_device *device, unsigned int pairs))
{
	*control = (struct net_control){
		.device = device,
		.most = most > 1 ? most : 1,
		.pairs = 1,
		.set_pairs = set_pairs_of,
		.more = {.run = go_on, .opaque = control},
	};
}

void net_control_reset(struct net_control *control)
{
	control->pairs = 1;
	loop_withdraw(machine_loop(control->device->machine), &control->more);
}
