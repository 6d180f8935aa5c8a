/* SPDX-License-Identifier: Apache-2.0 */
/* from_socket PATH: prints what comes from the socket there, until its end. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char bytes[4096];
	ssize_t got;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		errx(2, "usage: from_socket PATH");
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		err(1, "connect");
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)got) != got)
			err(1, "write");
	if (got < 0)
		err(1, "read");
	return 0;
}
