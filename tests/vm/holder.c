/* SPDX-License-Identifier: MIT */
/*
 * holder: static, so that nothing of the old root is mapped, and named as a storage daemon, so that it stays.
 *
 *     @holder queue PATH   leaves that file, open for writing, in the queue of a socket: no link of /proc leads to it
 *
 * Says on standard output when it is there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int queue(const char *path)
{
	char byte = 'x', space[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	int pair[2], fd = open(path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	(void)memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) != 1)
		return 1;
	return close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "queue") != 0 || queue(argv[2]) != 0)
		return 1;
	(void)puts("there");
	(void)fflush(stdout);
	for (int fd = 0; fd < 3; fd++)
		(void)close(fd);
	(void)chdir("/run");
	for (;;)
		(void)pause();
}
