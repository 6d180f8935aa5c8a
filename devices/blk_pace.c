/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/blk_pace.h"

bool blk_pace_ring(struct blk_pace *pace)
{
	if (!pace->interval)
		pace->interval = BLK_PACE_LOOK;
	if (pace->batches || pace->rings >= pace->interval)
		return false;
	pace->rings++;
	return true;
}

/* A look: the ring was left to the loop only to see this. */
static void looked(struct blk_pace *pace, unsigned int count)
{
	pace->rings = 0;
	if (count >= BLK_PACE_BATCH)
		pace->batches = true;
	else if (pace->interval < BLK_PACE_LOOK_MOST)
		pace->interval *= 2;
}

void blk_pace_found(struct blk_pace *pace, unsigned int count)
{
	if (!pace->batches) {
		looked(pace, count);
		return;
	}
	pace->few = count < BLK_PACE_FEW ? pace->few + 1 : 0;
	if (pace->few == BLK_PACE_PATIENCE)
		*pace = (struct blk_pace){0};
}
