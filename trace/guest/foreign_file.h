/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that another process's command line names. Whoever wrote that line need not be the user
 * of this process, and this process may be root's: so the name means what it means to the other
 * process (its root, its working directory), it is read with the rights of that process's real
 * user and no more, what is no regular file is not opened at all (opening a watchdog starts it),
 * and a helper does it, which may hang.
 */
#ifndef VHART_FOREIGN_FILE_H
#define VHART_FOREIGN_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/image_formats.h"

/* Of a process, from its /proc/PID/status: real user and group, and its other groups. */
#define FOREIGN_GROUPS 256u /* no more of them are kept */
struct foreign_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[FOREIGN_GROUPS];
	size_t group_count;
};

/* False: TEXT does not say it all. */
bool foreign_user_read(const char *text, struct foreign_user *user);

/*
 * What PATH of process PID (0: of this one, with its own rights) has, if it begins as a guest
 * kernel may and has at most LIMIT bytes. Its first bytes decide before the rest is read. False
 * with MESSAGE: words that follow its name.
 */
bool foreign_file_load(pid_t pid, const char *path, uint64_t limit, struct blob *file,
		       char message[IMAGE_MESSAGE_MAX]);

/*
 * What PATH has in FOLDER, of which a guest may have written all, with this process's own rights:
 * as it means in a process whose root that is, so that no link leads out. A TEXT may begin with
 * anything, and be short. False with MESSAGE as above.
 */
bool foreign_file_load_in(const char *folder, const char *path, bool text, uint64_t limit,
			  struct blob *file, char message[IMAGE_MESSAGE_MAX]);

#endif
