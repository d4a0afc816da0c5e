/* SPDX-License-Identifier: MIT */
/* daemons: ending what was started here, all but the storage daemons with an '@'. */
#include <errno.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "init/run.h"
#include "init/stages.h"

#define TERM_USEC (5 * USEC_PER_SEC)
#define KILL_USEC (5 * USEC_PER_SEC)

/* All that was started here is our child, or became that when its own parent ended. */
static bool have_children(void)
{
	siginfo_t si;

	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

int stop_daemons(struct run *run)
{
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *left = NULL;
	struct process_end end = { .procfd = proc, .term_usec = TERM_USEC, .kill_usec = KILL_USEC };
	int r;

	/* Workers that still load modules for devices nobody waits for. */
	reserve_drop(run);
	jobs_free(&run->jobs);
	profile_end_work(&run->profile);
	modules_stop(&run->modules);
	loop_close(&run->loop);
	secrets_close(&run->secrets);
	if (proc < 0)
		return log_errno(-errno, "cannot open /proc");
	/* A plain boot has none, and to look at each of the kernel's threads takes longer than its other stages. */
	if (!have_children())
		return 0;
	r = process_end_all(&end, &left);
	if (r < 0)
		log_warning("cannot end the processes of the initramfs: %s, ignoring", strerror(-r));
	if (r > 0)
		log_warning("still alive after SIGKILL: %s, ignoring", left ? left : "?");
	return 0;
}
