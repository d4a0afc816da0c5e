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
#include "init/coldplug.h"
#include "init/loop.h"
#include "init/probe.h"
#include "init/run.h"

#define UEVENT_BYTES 8192 /* the kernel's own limit is 2048 of environment and the path */

static void job_free(struct job *job)
{
	worker_free(&job->worker);
	free(job->subject);
	free(job->data);
	free(job);
}

void loop_close(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_jobs; i++)
		job_free(loop->jobs[i]);
	free(loop->jobs);
	close_fd(&loop->signal_fd);
	close_fd(&loop->uevent_fd);
	close_fd(&loop->sys_fd);
	*loop = (struct loop)LOOP_CLOSED;
}

static void free_job_pointer(struct job **job)
{
	if (*job)
		job_free(*job);
}

int loop_start(struct loop *loop, const struct job_kind *kind, const char *subject, worker_fn fn, void *data,
	       uint64_t deadline)
{
	_cleanup_(free_job_pointer) struct job *job = calloc(1, sizeof(*job));
	struct job **grown;
	int r;

	if (!job) {
		free(data);
		return -ENOMEM;
	}
	*job = (struct job){ .kind = kind, .data = data, .worker = WORKER_NONE };
	grown = realloc(loop->jobs, (loop->n_jobs + 1) * sizeof(job));
	if (!grown)
		return -ENOMEM;
	loop->jobs = grown;
	if (string_set(&job->subject, subject) < 0)
		return -ENOMEM;
	r = worker_start(fn, data, deadline, &job->worker);
	if (r < 0)
		return r;
	loop->jobs[loop->n_jobs++] = TAKE_PTR(job);
	return 0;
}

size_t loop_count(const struct loop *loop, const struct job_kind *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < loop->n_jobs; i++)
		n += loop->jobs[i]->kind == kind;
	return n;
}

/* Takes a finished job out before its done(), which may start the next one. */
static void finish_job(struct run *run, size_t i, int result)
{
	struct job *job = run->loop.jobs[i];

	run->loop.jobs[i] = run->loop.jobs[--run->loop.n_jobs];
	job->kind->done(run, job, result);
	job_free(job);
}

static void serve_jobs(struct run *run)
{
	uint64_t now = clock_monotonic();

	for (size_t i = run->loop.n_jobs; i-- > 0;) {
		struct job *job = run->loop.jobs[i];
		int r = worker_read(&job->worker);

		if (job->kind->progress)
			job->kind->progress(run, job);
		if (r == 0 && now >= job->worker.deadline &&
		    !(job->kind->late && job->kind->late(run, job)))
			r = -ETIMEDOUT;
		if (r != 0)
			finish_job(run, i, r > 0 ? worker_finish(&job->worker) : r);
	}
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
	attempts_forget(&run->attempts, strrchr(u->devpath, '/') + 1);
	return devices_apply(&run->devices, run->loop.sys_fd, u);
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
static void reap_orphans(const struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) > 0)
		;
	for (;;) {
		siginfo_t si = { 0 };
		bool ours = false;

		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || si.si_pid == 0)
			return;
		for (size_t i = 0; i < loop->n_jobs; i++)
			ours = ours || loop->jobs[i]->worker.pid == si.si_pid;
		if (ours)
			return;
		(void)waitpid(si.si_pid, NULL, WNOHANG);
	}
}

static uint64_t next_deadline(const struct loop *loop, uint64_t wake_at)
{
	for (size_t i = 0; i < loop->n_jobs; i++)
		wake_at = MIN(wake_at, loop->jobs[i]->worker.deadline);
	return wake_at;
}

int loop_wait(struct run *run, uint64_t wake_at)
{
	struct loop *loop = &run->loop;
	size_t n = loop->n_jobs;
	_cleanup_free_ struct pollfd *fds = calloc(n + 2, sizeof(*fds));
	int r;

	if (!fds)
		return -ENOMEM;
	fds[0] = (struct pollfd){ .fd = loop->signal_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = loop->uevent_fd, .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		fds[i + 2] = (struct pollfd){ .fd = loop->jobs[i]->worker.fd, .events = POLLIN };
	if (poll(fds, n + 2, clock_poll_ms(next_deadline(loop, wake_at), clock_monotonic())) < 0 && errno != EINTR)
		return -errno;

	/* Messages first: a worker's answer about a device is compared with what the device is now. */
	r = take_uevents(run);
	if (r < 0)
		return r;
	serve_jobs(run);
	reap_orphans(loop);
	return modules_start(run);
}

/* One line that says why we wait, or why we gave up. */
static char *describe_seen(const struct run *run)
{
	_cleanup_free_ char *devices = devices_describe(&run->devices);
	_cleanup_free_ char *unserved = modules_describe_unserved(&run->modules);
	char *text;

	if (asprintf(&text, "block devices seen: %s%s%s", devices ? devices : "?",
		     unserved ? "; no module in this image for: " : "", unserved ? unserved : "") < 0)
		return NULL;
	return text;
}

static int say_timeout(const struct run *run, const struct want *want)
{
	_cleanup_free_ char *seen = describe_seen(run);

	log_error("cannot find the %s device %s: waited %llu s; %s", want->what, want->spec->text,
		  (unsigned long long)((want->deadline - want->since) / USEC_PER_SEC), seen ? seen : "");
	return -ETIMEDOUT;
}

static int say_ambiguous(const struct want *want, const struct step *step)
{
	_cleanup_free_ char *a = device_describe(step->device), *b = device_describe(step->other);

	log_error("cannot choose the %s device: %s is both %s and %s; name one by PARTUUID= or /dev/NAME, "
		  "or take the other away", want->what, want->spec->text, a ? a : "?", b ? b : "?");
	return -ENOTUNIQ;
}

static int say_waiting(struct run *run, const struct want *want)
{
	_cleanup_free_ char *seen = describe_seen(run);

	log_console(LOG_NOTICE, "waiting for the %s device %s; %s", want->what, want->spec->text, seen ? seen : "");
	return attempts_done(&run->attempts, want->what, ACTION_REPORT, clock_monotonic());
}

int await_device(struct run *run, const struct want *want, const struct device **ret)
{
	int r = loop_open(run);

	while (r == 0) {
		struct step step;

		plan(want, &run->devices, &run->attempts, clock_monotonic(), &step);
		switch (step.kind) {
		case STEP_FOUND:
			*ret = step.device;
			return 0;
		case STEP_TIMEOUT:
			return say_timeout(run, want);
		case STEP_AMBIGUOUS:
			return say_ambiguous(want, &step);
		case STEP_PROBE:
			r = probe_start(run, step.device->name);
			break;
		case STEP_REPORT:
			r = say_waiting(run, want);
			break;
		case STEP_WAIT:
			r = loop_wait(run, step.wake_at);
			break;
		}
	}
	return log_errno(r, "cannot wait for the %s device", want->what);
}
