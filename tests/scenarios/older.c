/* SPDX-License-Identifier: Apache-2.0 */
/* older CMD...: runs CMD, to which uname(2) says that this kernel is 2.6.N: one that nobody knows.
 */
#include <err.h>
#include <sys/personality.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: older CMD...");
	if (personality(UNAME26) < 0)
		err(1, "personality");
	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
