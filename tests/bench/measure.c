/* SPDX-License-Identifier: MIT */
/*
 * measure: runs a command in another root and says what it took.
 *
 *     measure FD ROOT COMMAND [WORD…]
 *
 * It is the first process of a PID namespace, so whatever the command leaves behind is waited for and counted, and
 * nothing else is. One line goes to FD: status, seconds (wall, user, system), KiB of the largest process, number of
 * processes and threads.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sum {
	double user, system;
	long rss;
	int status;
};

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void start(const char *root, char *argv[])
{
	if (chroot(root) == 0 && chdir("/") == 0)
		(void)execvp(argv[0], argv);
	fprintf(stderr, "measure: cannot run %s in %s: %s\n", argv[0], root, strerror(errno));
	_exit(127);
}

/* Of each child with all that it has waited for; the kernel gives us the orphans as children. */
static void wait_for_all(pid_t first, struct sum *sum)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, 0, &usage)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		sum->user += seconds(&usage.ru_utime);
		sum->system += seconds(&usage.ru_stime);
		if (usage.ru_maxrss > sum->rss)
			sum->rss = usage.ru_maxrss;
		if (pid == first)
			sum->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

/* The numbers of a PID namespace are given one after the other, to threads too. */
static pid_t next_number(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
	return pid;
}

int main(int argc, char *argv[])
{
	struct sum sum = { 0 };
	double begin = now();
	pid_t first, next;

	if (argc < 4 || getpid() != 1) {
		fprintf(stderr, "measure: FD ROOT COMMAND, as the first process of a PID namespace\n");
		return 2;
	}
	first = fork();
	if (first == 0)
		start(argv[2], argv + 3);
	wait_for_all(first, &sum);
	begin = now() - begin;
	next = next_number();
	if (first < 0 || next < first) {
		fprintf(stderr, "measure: cannot count processes\n");
		return 1;
	}
	dprintf(atoi(argv[1]), "%d %.6f %.6f %.6f %ld %d\n", sum.status, begin, sum.user, sum.system, sum.rss,
		next - first);
	return 0;
}
