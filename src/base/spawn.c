/* SPDX-License-Identifier: MIT */
/* spawn: running another program and waiting for it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/signals.h"
#include "base/spawn.h"

#define SPAWN_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define REPORT_FD  3 /* in the child, until exec */

static int set_stdio(const struct spawn *s)
{
	_cleanup_close_ int null = -EBADF;
	int in = s->stdin_fd;

	if (in < 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		in = null;
	}
	if (in >= 0 && dup2(in, STDIN_FILENO) < 0)
		return -errno;
	if (s->stdout_fd >= 0 && dup2(s->stdout_fd, STDOUT_FILENO) < 0)
		return -errno;
	if (s->stderr_fd >= 0 && dup2(s->stderr_fd, STDERR_FILENO) < 0)
		return -errno;
	return 0;
}

/*
 * execvp(3) without its last resort: a file of no known format is handed to a shell there, and
 * a shell's exit code would pass for the program's.
 */
static int exec_program(const char *const *argv, const char *const *envp)
{
	int found = -ENOENT;

	if (strchr(argv[0], '/')) {
		(void)execve(argv[0], (char *const *)argv, (char *const *)envp);
		return -errno;
	}
	for (const char *dir = SPAWN_PATH; *dir; dir += strspn(dir, ":")) {
		_cleanup_free_ char *path = NULL;
		int n = (int)strcspn(dir, ":");

		if (asprintf(&path, "%.*s/%s", n, dir, argv[0]) < 0)
			return -ENOMEM;
		(void)execve(path, (char *const *)argv, (char *const *)envp);
		if (errno != ENOENT && errno != ENOTDIR && found == -ENOENT)
			found = -errno;
		dir += n;
	}
	return found;
}

/* Runs in the child; only an error comes back, through REPORT_FD. */
static int become(const struct spawn *s, int report)
{
	static const char *const plain_env[] = { "PATH=" SPAWN_PATH, NULL };
	int r;

	signals_reset();
	if (s->nice != 0)
		(void)setpriority(PRIO_PROCESS, 0, s->nice);
	if (s->session)
		(void)setsid();
	r = set_stdio(s);
	if (r == 0 && s->session)
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 1);
	/* Its end of file tells the parent that exec succeeded. */
	if (report != REPORT_FD)
		(void)dup3(report, REPORT_FD, O_CLOEXEC);
	/* CLOSE_RANGE_CLOEXEC came with Linux 5.11, close_range(2) itself with 5.9. */
	(void)syscall(SYS_close_range, REPORT_FD + 1U, ~0U, 0U);
	if (r < 0)
		return r;
	return exec_program(s->argv, s->envp ? s->envp : plain_env);
}

int spawn_start(const struct spawn *s, pid_t *ret)
{
	_cleanup_close_ int from_child = -EBADF, to_parent = -EBADF;
	int fds[2], r = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	from_child = fds[0];
	to_parent = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		r = become(s, to_parent);
		(void)!write(REPORT_FD, &r, sizeof(r));
		_exit(127);
	}
	(void)close(TAKE_FD(to_parent));
	while (read(from_child, &r, sizeof(r)) < 0 && errno == EINTR)
		;
	if (r < 0) {
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	*ret = pid;
	return 0;
}

int spawn_wait(pid_t pid, uint64_t deadline, int *ret_status)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool timed_out = false;

	while (pidfd >= 0) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int r = poll(&p, 1, clock_poll_ms(deadline, clock_monotonic()));

		if (r > 0)
			break;
		if (r == 0) {
			timed_out = true;
			(void)kill(pid, SIGKILL);
			/* One in D state never ends: it is not waited for. */
			if (poll(&p, 1, 1000) <= 0)
				return -ETIMEDOUT;
			break;
		}
	}
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return timed_out ? -ETIMEDOUT : 0;
}

int spawn_run(const struct spawn *s, uint64_t deadline, int *ret_status)
{
	pid_t pid;
	int r = spawn_start(s, &pid);

	return r < 0 ? r : spawn_wait(pid, deadline, ret_status);
}
