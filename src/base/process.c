/* SPDX-License-Identifier: MIT */
/* process: who is running, and ending them. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; field 9 of /proc/PID/stat */
#define FILE_BYTES (1 << 20)   /* status lists up to 65536 groups */

/* The name goes into reports that spaces, commas and colons divide; a process may call itself
 * anything. */
static void set_comm(struct process *p, const char *name, size_t size)
{
	size_t n = MIN(size, sizeof(p->comm) - 1);

	memcpy(p->comm, name, n);
	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char)name[i]) || strchr(",:", name[i]))
			p->comm[i] = '?';
	p->comm[n] = '\0';
}

/*
 * "12 (comm) S ppid pgrp session tty tpgid flags …"; comm may hold spaces, parentheses and
 * newlines, so the file is read whole and not by lines.
 */
static int parse_stat(const char *text, struct process *p)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned int flags;

	if (!open || !close || close < open)
		return -EINVAL;
	set_comm(p, open + 1, (size_t)(close - open - 1));
	if (sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u", &p->state, &flags) != 2)
		return -EINVAL;
	p->kernel = flags & PF_KTHREAD;
	return 0;
}

/* The real uid. The owner of the directory is root's for whoever cannot be dumped (proc(5)). */
static int parse_status(const char *text, struct process *p)
{
	const char *line = strstr(text, "\nUid:\t");

	return line && sscanf(line, " Uid: %u", &p->uid) == 1 ? 0 : -EINVAL;
}

static int read_process(int procfd, const char *name, struct process *ret)
{
	_cleanup_free_ char *stat_text = NULL, *status = NULL, *argv = NULL;
	_cleanup_close_ int dir = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process p = { .pid = (pid_t)atoi(name) };
	int r;

	if (dir < 0)
		return -errno;
	if ((r = file_read(dir, "stat", FILE_BYTES, &stat_text, NULL)) < 0 ||
	    (r = file_read(dir, "status", FILE_BYTES, &status, NULL)) < 0 ||
	    (r = parse_stat(stat_text, &p)) < 0 || (r = parse_status(status, &p)) < 0)
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

		if (!isdigit((unsigned char)de->d_name[0]) ||
		    read_process(procfd, de->d_name, &p) < 0)
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
 * Waits until none of them is left or the time is up. Processes that are not our children give
 * no event that can be polled without a pidfd for each, so this looks again after growing
 * pauses (1 … 50 ms).
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
		/* One that was forked since the signal was sent has not had it; SIGKILL loses
		 * nothing twice. */
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

int process_newest(void)
{
	_cleanup_free_ char *line = NULL;
	const char *last;
	int r = file_read_line(AT_FDCWD, "/proc/loadavg", &line);

	if (r < 0)
		return r;
	/* "0.20 0.18 0.12 1/80 11206" */
	last = strrchr(line, ' ');
	return last && atoi(last) > 0 ? atoi(last) : -EINVAL;
}
