/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/control/keeper.h"

#include "base/clock.h"
#include "base/log.h"

#define LOOK_NS (NS_PER_S / 100)

void keeper_init(struct keeper *keeper)
{
	*keeper = (struct keeper){.started = false};
	pthread_mutex_init(&keeper->lock, NULL);
	clock_cond_init(&keeper->changed);
}

/* False: the machine is over. */
static bool wait_a_moment(struct keeper *keeper)
{
	const struct timespec until = clock_timespec(clock_now() + LOOK_NS);
	int result = 0;
	bool goes_on;

	pthread_mutex_lock(&keeper->lock);
	while (!keeper->ending && result == 0)
		result = pthread_cond_timedwait(&keeper->changed, &keeper->lock, &until);
	goes_on = !keeper->ending;
	pthread_mutex_unlock(&keeper->lock);
	return goes_on;
}

static void *keeper_thread(void *opaque)
{
	struct keeper *keeper = opaque;

	pthread_setname_np(pthread_self(), "breakpoints");
	while (wait_a_moment(keeper))
		keeper->look(keeper->opaque);
	return NULL;
}

void keeper_start(struct keeper *keeper, void (*look)(void *opaque), void *opaque)
{
	pthread_mutex_lock(&keeper->lock);
	if (!keeper->started && !keeper->ending) {
		keeper->look = look;
		keeper->opaque = opaque;
		keeper->started = pthread_create(&keeper->thread, NULL, keeper_thread, keeper) == 0;
		if (!keeper->started)
			warning("no thread for breakpoints: what the guest writes over is lost");
	}
	pthread_mutex_unlock(&keeper->lock);
}

void keeper_free(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->ending = true;
	pthread_cond_broadcast(&keeper->changed);
	pthread_mutex_unlock(&keeper->lock);
	if (keeper->started)
		pthread_join(keeper->thread, NULL);
	pthread_mutex_destroy(&keeper->lock);
	pthread_cond_destroy(&keeper->changed);
}
