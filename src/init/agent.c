/* SPDX-License-Identifier: MIT */
/* agent: a question in /run/systemd/ask-password. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/agent.h"
#include "init/prompt.h"

static int open_socket(const char *directory, struct agent *a)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int yes = 1;

	(void)snprintf(a->socket, sizeof(a->socket), "%s/sck.slipway-%d", directory, (int)getpid());
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", a->socket);
	a->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return -errno;
	if (bind(a->fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(a->socket, 0600) < 0 ||
	    setsockopt(a->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0)
		return -errno;
	return 0;
}

/* Agents read a file "ask.*" when it is closed or moved there: it must be whole by then. */
static int write_question(const char *directory, const struct question *q, struct agent *a)
{
	_cleanup_free_ char *text = NULL;
	char tmp[sizeof(a->file)];
	int r;

	if (asprintf(&text,
		     "[Ask]\nPID=%d\nSocket=%s\nAcceptCached=0\nEcho=%d\nNotAfter=%llu\nSilent=0\nMessage=%s\n"
		     "Icon=drive-harddisk\nId=cryptsetup:%s\n",
		     (int)getpid(), a->socket, q->echo == ECHO_TEXT,
		     q->deadline == USEC_FOREVER ? 0ULL : (unsigned long long)q->deadline, q->message, q->id) < 0)
		return -ENOMEM;
	(void)snprintf(tmp, sizeof(tmp), "%s/tmp.slipway-%d", directory, (int)getpid());
	r = file_write(AT_FDCWD, tmp, text, 0644);
	if (r < 0)
		return r;
	(void)snprintf(a->file, sizeof(a->file), "%s/ask.slipway-%d", directory, (int)getpid());
	return rename(tmp, a->file) < 0 ? -errno : 0;
}

int agent_ask(const char *directory, const struct question *q, struct agent *ret)
{
	_cleanup_(agent_close) struct agent a = AGENT_NONE;
	int r = file_mkdir_parents(AT_FDCWD, directory, 0755);

	if (r == 0)
		r = open_socket(directory, &a);
	if (r == 0)
		r = write_question(directory, q, &a);
	if (r < 0)
		return r;
	*ret = a;
	a = (struct agent)AGENT_NONE;
	return 0;
}

/* Anybody may write to a socket whose path he can reach: only root's word counts. */
static bool is_from_root(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred who;

			memcpy(&who, CMSG_DATA(c), sizeof(who));
			return who.uid == 0;
		}
	return false;
}

/* "+" and the passphrase, ended by a NUL or not; "-" for no. */
static int take_answer(const char *bytes, size_t n, struct secret *ret)
{
	if (n == 0)
		return 0;
	if (bytes[0] == '-')
		return -ECANCELED;
	if (bytes[0] != '+')
		return 0;
	n = strnlen(bytes + 1, n - 1);
	if (n > sizeof(ret->bytes))
		return 0;
	memcpy(ret->bytes, bytes + 1, n);
	ret->size = n;
	return 1;
}

int agent_answer(const struct agent *a, struct secret *ret)
{
	char bytes[SECRET_SIZE + 2], control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(a->fd, &m, MSG_CMSG_CLOEXEC);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	r = is_from_root(&m) && !(m.msg_flags & MSG_TRUNC) ? take_answer(bytes, (size_t)n, ret) : 0;
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

void agent_close(struct agent *a)
{
	if (*a->file)
		(void)unlink(a->file);
	if (*a->socket)
		(void)unlink(a->socket);
	close_fd(&a->fd);
	*a = (struct agent)AGENT_NONE;
}
