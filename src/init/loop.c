/* SPDX-License-Identifier: MIT */
/* loop: waiting, and taking in what comes. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/act.h"
#include "init/coldplug.h"
#include "init/compare.h"
#include "init/loop.h"
#include "init/match.h"
#include "init/obstacle.h"
#include "init/probe.h"
#include "init/run.h"
#include "init/unserved.h"
#include "init/view.h"

#define UEVENT_BYTES 8192 /* the kernel's own limit is 2048 of environment and the path */

void loop_close(struct loop *loop)
{
	close_fd(&loop->signal_fd);
	close_fd(&loop->uevent_fd);
	close_fd(&loop->sys_fd);
	*loop = (struct loop)LOOP_CLOSED;
}

void loop_forget(const struct devices *devices, struct attempts *attempts, const struct uevent *u)
{
	const char *name = strrchr(u->devpath, '/') + 1;
	const struct device *dev = devices_find(devices, name);

	if (dev && u->action != UEVENT_REMOVE && devices_upper(devices, dev))
		attempts_forget_used(attempts, name);
	else
		attempts_forget(attempts, name);
}

/* Without sectors it is none yet: a mapping without its table, a drive without a medium. */
static void note_arrival(struct run *run, const char *name)
{
	const struct device *dev = devices_find(&run->devices, name);

	if (dev && dev->sectors > 0)
		profile_device(&run->profile, name, dev->dm_name);
}

/* What a message or /sys says goes where it belongs; a device that came or changed may be tried anew. */
static int take_uevent(struct run *run, const struct uevent *u)
{
	int r;

	if (u->action == UEVENT_OTHER)
		return 0;
	if (u->modalias && u->action == UEVENT_ADD) {
		r = modules_ask(&run->modules, u->modalias);
		if (r < 0)
			return r;
	}
	if (!u->subsystem || !streq(u->subsystem, "block"))
		return 0;
	loop_forget(&run->devices, &run->attempts, u);
	r = devices_apply(&run->devices, run->loop.sys_fd, u);
	note_arrival(run, strrchr(u->devpath, '/') + 1);
	return r;
}

/* Reads all of /sys anew: at the start and when messages were lost. */
static int loop_coldplug(struct run *run)
{
	return coldplug(run->loop.sys_fd, run, take_uevent);
}

static int open_signals(struct loop *loop)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return loop->signal_fd < 0 ? -errno : 0;
}

int loop_open(struct run *run)
{
	struct loop *loop = &run->loop;
	int r = 0;

	if (loop->uevent_fd >= 0)
		return 0;
	if (loop->sys_fd < 0)
		loop->sys_fd = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (loop->sys_fd < 0)
		return -errno;
	if (loop->signal_fd < 0)
		r = open_signals(loop);
	if (r < 0)
		return r;
	/* Listening comes before looking: what arrives in between is seen twice, never missed. */
	loop->uevent_fd = uevent_open();
	return loop->uevent_fd < 0 ? loop->uevent_fd : loop_coldplug(run);
}

static int take_uevents(struct run *run)
{
	char buffer[UEVENT_BYTES];

	for (;;) {
		struct uevent u;
		int r = uevent_receive(run->loop.uevent_fd, buffer, sizeof(buffer), &u);

		if (r == -EINVAL)
			continue;
		if (r == -ENOBUFS) {
			log_debug("device messages were lost, reading /sys anew");
			return loop_coldplug(run);
		}
		if (r <= 0)
			return r;
		r = take_uevent(run, &u);
		if (r < 0)
			return r;
	}
}

/* Orphans become ours; workers are waited for by their owner and must not be reaped here. */
static void reap_orphans(const struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->loop.signal_fd, &info, sizeof(info)) > 0)
		;
	for (;;) {
		siginfo_t si = { 0 };

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0 ||
		    jobs_have(&run->jobs, si.si_pid))
			return;
		(void)waitpid(si.si_pid, NULL, WNOHANG);
	}
}

/* Until there is news, or a deadline. */
static int wait_for_news(const struct run *run, uint64_t wake_at)
{
	size_t n = run->jobs.n;
	_cleanup_free_ struct pollfd *fds = calloc(n + 2, sizeof(*fds));
	int ms = clock_poll_ms(jobs_deadline(&run->jobs, wake_at), clock_monotonic());

	if (!fds)
		return -ENOMEM;
	fds[0] = (struct pollfd){ .fd = run->loop.signal_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = run->loop.uevent_fd, .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		fds[i + 2] = (struct pollfd){ .fd = run->jobs.items[i]->worker.fd, .events = POLLIN };
	return poll(fds, n + 2, ms) < 0 && errno != EINTR ? -errno : 0;
}

int loop_wait(struct run *run, uint64_t wake_at)
{
	int r = wait_for_news(run, wake_at);

	/* Messages first: a worker's answer about a device is compared with what the device is now. */
	if (r == 0 && run->loop.uevent_fd >= 0)
		r = take_uevents(run);
	if (r < 0)
		return r;
	(void)act_take_back(run, false);
	jobs_serve(run);
	reap_orphans(run);
	return modules_start(run);
}

/* Why we wait, or why we gave up: after `joint` what is in the way, if anything is. */
static char *describe_seen(const struct run *run, const struct want *want, const char *joint)
{
	_cleanup_free_ char *devices = devices_describe(&run->devices);
	_cleanup_free_ char *unserved = unserved_describe(run->modules.unserved);
	_cleanup_free_ char *obstacles = obstacles_describe(&run->boot, want->spec, &run->devices,
							     &run->attempts);
	bool blocked = obstacles && *obstacles;
	char *text;

	if (asprintf(&text, "%s%s; block devices seen: %s%s%s", blocked ? joint : "", blocked ? obstacles : "",
		     devices ? devices : "?", unserved ? "; no module in this image for: " : "",
		     unserved ? unserved : "") < 0)
		return NULL;
	return text;
}

/* A question that waited in vain counts as refused: patience is no passphrase. */
static int say_timeout(struct run *run, const struct want *want)
{
	_cleanup_free_ char *seen = describe_seen(run, want, "; ");

	log_error("cannot find the %s device %s: waited %llu s%s", want->what, want->spec->text,
		  (unsigned long long)((want->deadline - want->since) / USEC_PER_SEC), seen ? seen : "");
	for (size_t i = 0; i < run->attempts.n; i++)
		run->secret_refused |= run->attempts.items[i].over;
	return -ETIMEDOUT;
}

static int say_ambiguous(const struct run *run, const struct want *want, const struct step *step)
{
	_cleanup_free_ char *a = device_describe(step->device), *b = device_describe(step->other);

	if (!spec_matches(want->spec, step->device, &run->devices))
		log_error("cannot choose what the %s device %s stands on: %s and %s are copies of one another; take "
			  "one away", want->what, want->spec->text, a ? a : "?", b ? b : "?");
	else
		log_error("cannot choose the %s device: %s is both %s and %s; %s", want->what, want->spec->text,
			  a ? a : "?", b ? b : "?", want->spec->kind == SPEC_INSIDE
				? "say where the file is by img_dev= and img_loop=, and root= names one"
				: "name one by PARTUUID= or /dev/NAME, or take the other away");
	return -ENOTUNIQ;
}

/* No shell after that: who does not know the passphrase is not to be let in by another door. */
static int say_refused(struct run *run, const struct want *want, const struct step *step)
{
	run->secret_refused = true;
	log_error("cannot open %s for the %s device %s: no passphrase fitted", step->device->devname, want->what,
		  want->spec->text);
	return -EACCES;
}

/* Once, and again when it is another reason than `*told`. */
static int say_waiting(struct run *run, const struct want *want, char **told)
{
	_cleanup_free_ char *seen = describe_seen(run, want, " ← ");

	/* For who looks later, and from a shell; without /run/slipway nobody does. */
	if (seen)
		(void)file_write(AT_FDCWD, "/run/slipway/report", seen, 0600);
	if (seen && !streq_null(*told, seen))
		log_console(LOG_NOTICE, "waiting for the %s device %s%s", want->what, want->spec->text, seen);
	free(*told);
	*told = TAKE_PTR(seen);
	return attempts_done(&run->attempts, want->what, ACTION_REPORT, clock_monotonic());
}

/* After it nothing waits any more; but first nobody shall be asked any more. */
static bool step_is_last(enum step_kind kind)
{
	return kind == STEP_FOUND || kind == STEP_TIMEOUT || kind == STEP_AMBIGUOUS || kind == STEP_REFUSED;
}

/* A module that somebody named is loaded before the boot goes on, also where it takes the reserve. */
static int bring_named(struct run *run)
{
	int r;

	if (!run->modules.names_unserved || !(reserve_pending(run) || run->reserve.state == RESERVE_UNPACKED))
		return 0;
	r = reserve_start(run, false);
	return r < 0 ? r : reserve_pending(run) || modules_busy(&run->modules);
}

/* What is being read may be what is wanted; but no disk that does not answer keeps us from looking for others. */
static bool reads_yet(const struct devices *devices, uint64_t now, uint64_t *wake_at)
{
	bool any = false;

	for (size_t i = 0; i < devices->n; i++) {
		const struct device *dev = devices->items[i];

		if (!is_being_read(dev) || now >= dev->probe_since + PROBE_BUSY)
			continue;
		*wake_at = MIN(*wake_at, dev->probe_since + PROBE_BUSY);
		any = true;
	}
	return any;
}

/*
 * 1: something has to come before the step can be done; 0: nothing; -errno. Where nothing is under way of which the
 * device may come, a driver that was held back, or one in the reserve, may be what it takes: the one is loaded and the
 * other unpacked while we wait.
 */
static int prepare_step(struct run *run, struct step *step)
{
	if (step->kind == STEP_ACT)
		return act_prepare(run, step);
	if (step->kind == STEP_FOUND)
		return bring_named(run);
	if (step->kind != STEP_WAIT || modules_busy(&run->modules))
		return 0;
	if (run->modules.held)
		return reads_yet(&run->devices, clock_monotonic(), &step->wake_at) ? 0 : modules_release(run);
	return any_probe_running(&run->devices) ? 0 : reserve_start(run, true);
}

int await_device(struct run *run, const struct want *want, const struct device **ret)
{
	_cleanup_free_ char *told = NULL;
	int r = loop_open(run);

	while (r == 0) {
		struct step step;

		plan(&run->boot, want, &run->devices, &run->attempts, clock_monotonic(), &step);
		if (step_is_last(step.kind) && act_take_back(run, true)) {
			r = loop_wait(run, USEC_FOREVER);
			continue;
		}
		r = prepare_step(run, &step);
		if (r != 0) {
			r = r < 0 ? r : loop_wait(run, step.wake_at);
			continue;
		}
		switch (step.kind) {
		case STEP_FOUND:
			reserve_drop(run);
			*ret = step.device;
			return 0;
		case STEP_TIMEOUT:
			return say_timeout(run, want);
		case STEP_AMBIGUOUS:
			return say_ambiguous(run, want, &step);
		case STEP_PROBE:
			r = probe_start(run, step.device->name);
			break;
		case STEP_COMPARE:
			r = compare_start(run, want, step.device);
			break;
		case STEP_ACT:
			r = act_start(run, &step);
			break;
		case STEP_REFUSED:
			return say_refused(run, want, &step);
		case STEP_REPORT:
			r = say_waiting(run, want, &told);
			break;
		case STEP_WAIT:
			r = loop_wait(run, step.wake_at);
			break;
		}
	}
	return log_errno(r, "cannot wait for the %s device", want->what);
}
