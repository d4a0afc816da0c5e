/* SPDX-License-Identifier: MIT */
/*
 * shutdown: the way back. systemd pivots into /run/initramfs and executes this as PID 1; what was the root is
 * on /oldroot. All of it is taken down, and the machine ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "shutdown/enter.h"
#include "shutdown/guard.h"
#include "shutdown/pivot.h"
#include "shutdown/run.h"

#define EXITRD "/run/initramfs"

static const struct step {
	const char *name;
	void (*run)(struct run *run);
} steps[] = {
	{ "resume",    resume_suspended }, /* what waits for a suspended device waits for ever */
	{ "processes", end_processes    }, /* all but the '@' daemons, which may be what storage needs */
	{ "metadata",  take_over_metadata }, /* of arrays that a daemon from the old root writes */
	{ "teardown",  tear_down        }, /* mounts, swaps, devices: leaf first, until nothing changes */
	{ "sync",      sync_disks       }, /* whatever is left */
	{ "report",    report           }, /* who holds it, and the last line */
};

static void start_guard(struct run *run, uint64_t watchdog_usec)
{
	struct guard guard = {
		.root = run->root,
		.verb = run->arguments.verb,
		.deadline = run->deadline,
		.grace = GUARD_GRACE_USEC,
		.machine = run->machine,
		.watchdog = guard_watchdog(run->root, getenv("WATCHDOG_DEVICE"), watchdog_usec),
	};
	int r = guard_start(&guard, &run->guard);

	if (r < 0)
		log_warning("cannot start the guard: %s, ignoring", strerror(-r));
}

/* Another init than systemd has executed us where it has found us. */
static void enter_exitrd(void)
{
	int r = pivot_is_due() ? pivot_into(EXITRD) : 0;

	if (r < 0)
		log_errno(r, "cannot make " EXITRD " the root: what is in use from there stays");
}

static void begin(struct run *run, int argc, char **argv)
{
	uint64_t watchdog = arguments_watchdog(getenv("WATCHDOG_USEC"));

	run->start = clock_monotonic();
	run->arguments = arguments_parse(argc, argv);
	enter_signals(run->arguments.verb);
	enter_process();
	log_open("slipway-shutdown", LOG_SINK_KMSG);
	log_set_level(run->arguments.log_level);
	log_set_stage("enter");
	enter_exitrd();
	run->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->root < 0)
		log_errno(-errno, "cannot open /");
	enter_root(run->root);
	run->machine = enter_is_machine(run->root);
	run->deadline = clock_add(run->start, arguments_budget(run->arguments.timeout, watchdog));
	start_guard(run, watchdog);
	if (!run->arguments.verb_given)
		log_error("cannot find a verb among the arguments, allowed are poweroff, reboot, halt, kexec, exit: %s",
			  run->arguments.verb->name);
}

int main(int argc, char **argv)
{
	struct run run = { .root = -EBADF };

	if (getpid() != 1) {
		log_open("slipway-shutdown", LOG_SINK_STDERR);
		log_error("cannot run as process %d: it ends the machine, so only PID 1 may be it", getpid());
		return 2;
	}
	begin(&run, argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		log_set_stage(steps[i].name);
		steps[i].run(&run);
	}
	log_set_stage("end");
	verb_end(run.arguments.verb, run.root, run.machine);
}
