/* SPDX-License-Identifier: MIT */
/* processes: what systemd left running is ended; '@' daemons stay until they are in the way. */
#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "shutdown/run.h"

static bool is_spared(const struct process *p, void *data)
{
	const struct run *run = data;

	return p->pid == run->guard || process_is_storage_daemon(p);
}

void end_processes(struct run *run)
{
	_cleanup_close_ int procfd = openat(run->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *left = NULL;
	struct process_end e = {
		.procfd = procfd,
		.spare = is_spared,
		.data = run,
		/* systemd has given them their time already. */
		.term_usec = 2 * USEC_PER_SEC,
		.kill_usec = 5 * USEC_PER_SEC,
	};
	int r = procfd < 0 ? -errno : process_end_all(&e, &left);

	if (r < 0)
		log_errno(r, "cannot list processes");
	else if (r > 0)
		log_warning("%d processes do not end: %s, ignoring", r, left);
}
