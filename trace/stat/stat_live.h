/* SPDX-License-Identifier: Apache-2.0 */
/* `vhart stat` on a terminal: a table that is drawn anew, and keys. */
#ifndef VHART_STAT_LIVE_H
#define VHART_STAT_LIVE_H

#include "trace/stat/stat_session.h"

/* Whether standard input and output are a terminal that can be drawn on and is ours. */
bool stat_live_possible(void);

/*
 * Until the user or a signal ends it, or the VM's process does (PIDFD, see await()). INTERVAL in
 * ns. The terminal is then as before, and the session's last look is the last one. False: no
 * memory, or the terminal is gone.
 */
bool stat_live(struct stat_session *session, int signals, int pidfd, uint64_t interval);

#endif
