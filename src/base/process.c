/* SPDX-License-Identifier: MIT */
/* process: who is running, and ending them. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; field 9 of /proc/PID/stat */

/* "12 (comm) S ppid pgrp session tty tpgid flags …"; comm may hold spaces and parentheses. */
static int parse_stat(const char *line, struct process *p)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	unsigned int flags;
	size_t n;

	if (!open || !close || close < open)
		return -EINVAL;
	n = MIN((size_t)(close - open - 1), sizeof(p->comm) - 1);
	memcpy(p->comm, open + 1, n);
	p->comm[n] = '\0';
	if (sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u", &p->state, &flags) != 2)
		return -EINVAL;
	p->kernel = flags & PF_KTHREAD;
	return 0;
}

static int read_process(int procfd, const char *name, struct process *ret)
{
	_cleanup_free_ char *stat_line = NULL, *argv = NULL;
	_cleanup_close_ int dir = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process p = { .pid = (pid_t)atoi(name) };
	struct stat st;
	int r;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -errno;
	p.uid = st.st_uid;
	r = file_read_line(dir, "stat", &stat_line);
	if (r < 0)
		return r;
	r = parse_stat(stat_line, &p);
	if (r < 0)
		return r;
	/* An unreadable or empty command line (a zombie, a kernel thread) makes no daemon. */
	if (!p.kernel && p.state != 'Z' && file_read(dir, "cmdline", 1 << 20, &argv, NULL) == 0)
		p.at_sign = argv[0] == '@';
	*ret = p;
	return 0;
}

int process_list(int procfd, struct process **ret, size_t *ret_n)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ struct process *list = NULL;
	size_t n = 0, room = 0;
	struct dirent *de;
	int fd;

	fd = openat(procfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return -ENOMEM;
	}
	while ((de = readdir(dir))) {
		struct process p;

		if (!isdigit((unsigned char)de->d_name[0]) || read_process(procfd, de->d_name, &p) < 0)
			continue;
		if (p.pid == 1 || p.pid == getpid())
			continue;
		if (n == room) {
			struct process *grown;

			room = room ? room * 2 : 64;
			grown = realloc(list, room * sizeof(*list));
			if (!grown)
				return -ENOMEM;
			list = grown;
		}
		list[n++] = p;
	}
	*ret = TAKE_PTR(list);
	*ret_n = n;
	return 0;
}

bool process_is_storage_daemon(const struct process *p)
{
	return p->at_sign && p->uid == 0;
}

static bool must_end(const struct process_end *e, const struct process *p)
{
	if (p->kernel || p->state == 'Z')
		return false;
	return e->spare ? !e->spare(p, e->data) : !process_is_storage_daemon(p);
}

/* Signals all that must end; returns how many there are. With `ret_left` it names them. */
static int signal_all(const struct process_end *e, int sig, char **ret_left)
{
	_cleanup_free_ struct process *list = NULL;
	_cleanup_free_ char *left = NULL;
	size_t n = 0;
	int count = 0, r;

	r = process_list(e->procfd, &list, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		char *longer;

		if (!must_end(e, &list[i]))
			continue;
		count++;
		if (sig)
			(void)kill(list[i].pid, sig);
		if (!ret_left)
			continue;
		if (asprintf(&longer, "%s%s%s:%d", left ? left : "", left ? "," : "", list[i].comm,
			     list[i].pid) < 0)
			return -ENOMEM;
		free(left);
		left = longer;
	}
	if (ret_left)
		*ret_left = TAKE_PTR(left);
	return count;
}

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/*
 * Waits until none of them is left or the time is up. Processes that are not our children give no event
 * that can be polled without a pidfd for each, so this looks again after growing pauses (1 … 50 ms).
 */
static int wait_for_end(const struct process_end *e, int sig, uint64_t usec)
{
	uint64_t deadline = clock_add(clock_monotonic(), usec), pause = USEC_PER_MSEC;

	for (;;) {
		struct timespec ts = { .tv_nsec = (long)pause * 1000 };
		int left;

		reap();
		left = signal_all(e, 0, NULL);
		if (left <= 0 || clock_monotonic() >= deadline)
			return left;
		(void)nanosleep(&ts, NULL);
		pause = MIN(pause * 2, 50 * USEC_PER_MSEC);
		/* One that was forked since the signal was sent has not had it; SIGKILL loses nothing twice. */
		if (sig == SIGKILL)
			(void)signal_all(e, sig, NULL);
	}
}

int process_end_all(const struct process_end *e, char **ret_left)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	int left = 0;

	*ret_left = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		left = signal_all(e, signals[i], NULL);
		if (left <= 0)
			break;
		/* A stopped process takes SIGTERM only when it runs again. */
		if (signals[i] == SIGTERM)
			(void)signal_all(e, SIGCONT, NULL);
		left = wait_for_end(e, signals[i], i == 0 ? e->term_usec : e->kill_usec);
		if (left <= 0)
			break;
	}
	reap();
	return left > 0 ? signal_all(e, 0, ret_left) : left;
}
