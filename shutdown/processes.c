/* SPDX-License-Identifier: MIT */
/* processes: what systemd left running is ended; '@' daemons stay until they are in the way. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/worker.h"
#include "shutdown/run.h"

/* systemd has given them their time already. */
#define TERM_USEC (2 * USEC_PER_SEC)
#define KILL_USEC (5 * USEC_PER_SEC)

static bool is_spared(const struct process *p, void *data)
{
	const struct run *run = data;

	return p->pid == run->guard || process_is_storage_daemon(p);
}

/*
 * In a worker: to read the command line of a process may need a page of its memory, which may be on a device or with a
 * daemon that does not answer any more. The record is the names of those that are left.
 */
static int end_in_worker(int out, void *data)
{
	const struct run *run = data;
	_cleanup_close_ int procfd = openat(run->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *left = NULL;
	struct process_end e = {
		.procfd = procfd,
		.spare = is_spared,
		.data = data,
		.term_usec = TERM_USEC,
		.kill_usec = KILL_USEC,
	};
	int r = procfd < 0 ? -errno : process_end_all(&e, &left);

	return r > 0 ? file_write_fd(out, left, strlen(left)) : r;
}

void end_processes(struct run *run)
{
	uint64_t deadline = clock_add(clock_monotonic(), TERM_USEC + KILL_USEC + 2 * USEC_PER_SEC);
	_cleanup_free_ char *left = NULL;
	int r = worker_call(end_in_worker, run, deadline, &left, NULL);

	if (r < 0)
		log_errno(r, "cannot end all processes");
	else if (left && *left)
		log_warning("cannot end %s, ignoring", left);
	/* Ours now, whoever's they were. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}
