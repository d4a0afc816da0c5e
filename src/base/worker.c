/* SPDX-License-Identifier: MIT */
/* worker: one function, in a fork of us, with a deadline. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/signals.h"
#include "base/spawn.h"
#include "base/worker.h"

#define RECORD_MAX (1U << 20)

int worker_start(worker_fn fn, void *data, uint64_t deadline, struct worker *ret)
{
	_cleanup_close_ int in = -EBADF, out = -EBADF;
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int r;

		signals_reset();
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It may have died before that: then no signal comes. */
		if (getppid() != parent)
			_exit(ECANCELED);
		(void)close(TAKE_FD(in));
		r = fn(out, data);
		/* The exit code carries an errno: all of Linux's are below 134 (EHWPOISON 133). */
		_exit(r >= 0 ? 0 : r > -200 ? -r : EIO);
	}
	(void)fcntl(in, F_SETFL, O_NONBLOCK);
	*ret = (struct worker){ .pid = pid, .fd = TAKE_FD(in), .deadline = deadline };
	return 0;
}

int worker_read(struct worker *w)
{
	for (;;) {
		char *grown = realloc(w->record, w->size + 4096 + 1);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		w->record = grown;
		n = read(w->fd, w->record + w->size, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -errno;
		w->size += n > 0 ? (size_t)n : 0;
		w->record[w->size] = '\0';
		if (n <= 0)
			return n == 0;
		if (w->size > RECORD_MAX)
			return -EFBIG;
	}
}

int worker_finish(struct worker *w)
{
	int status = 0, r;

	r = spawn_wait(w->pid, w->deadline, &status);
	w->pid = 0;
	if (r < 0)
		return r;
	if (!WIFEXITED(status))
		return -EPIPE;
	return -WEXITSTATUS(status);
}

void worker_free(struct worker *w)
{
	if (w->pid > 0) {
		(void)kill(w->pid, SIGKILL);
		(void)spawn_wait(w->pid, 0, &(int){ 0 });
	}
	close_fd(&w->fd);
	free(w->record);
	*w = (struct worker)WORKER_NONE;
}

int worker_call(worker_fn fn, void *data, uint64_t deadline, char **ret, size_t *ret_size)
{
	_cleanup_(worker_free) struct worker w = WORKER_NONE;
	int r = worker_start(fn, data, deadline, &w);

	while (r == 0) {
		struct pollfd p = { .fd = w.fd, .events = POLLIN };

		r = poll(&p, 1, clock_poll_ms(deadline, clock_monotonic()));
		if (r == 0)
			return -ETIMEDOUT;
		r = r < 0 ? (errno == EINTR ? 0 : -errno) : worker_read(&w);
	}
	if (r < 0)
		return r;
	r = worker_finish(&w);
	if (ret) {
		*ret = TAKE_PTR(w.record);
		if (ret_size)
			*ret_size = w.size;
	}
	return r;
}
