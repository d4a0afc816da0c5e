/* SPDX-License-Identifier: MIT */
/* act: doing what a step says. */
#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/act.h"
#include "init/driver.h"
#include "init/run.h"
#include "init/tool.h"

#define TAKE_BACK USEC_PER_SEC /* a question ends by itself then, or it is killed */

static const struct act_row *const rows[] = {
	&md_assemble, &md_start, &lvm_activate, &luks_ask, &luks_key, &luks_unlock, &look_for_file,
};

/* What a scan is depends on what is scanned; all but these are members of arrays. */
static const struct {
	const char *type;
	const struct act_row *row;
} scans[] = {
	{ "btrfs",       &btrfs_scan },
	{ "LVM2_member", &lvm_scan   },
};

static const struct act_row *find_row(const struct step *step)
{
	for (size_t i = 0; step->action == ACTION_SCAN && i < ARRAY_SIZE(scans); i++)
		if (streq_null(step->device->tags.type, scans[i].type))
			return scans[i].row;
	if (step->action == ACTION_SCAN)
		return &md_scan;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i]->action == step->action)
			return rows[i];
	return NULL;
}

static void say_failed(const struct act *act, struct job *job, int result)
{
	const char *said = job->worker.record ? tool_last_line(job->worker.record) : "";

	if (act->row->action == ACTION_UNLOCK && result == -EPERM)
		return; /* a wrong passphrase is told at the next prompt */
	log_warning("cannot %s %s: %s%s%s, ignoring", act->row->doing, act->subject, strerror(-result),
		    *said ? ": " : "", said);
}

/*
 * Was it done to a state of the device that is over? What was tried on the device was forgotten then, and may be
 * running anew. What has a subject of its own, a volume group, is not forgotten with a device.
 */
static bool is_stale(const struct run *run, const struct act *act)
{
	const struct device *dev = devices_find(&run->devices, act->name);

	return streq(act->subject, act->name) && (!dev || dev->announced != act->announced);
}

/* Whoever does not answer is not asked again; "no" is an answer. */
static void question_failed(struct run *run, const struct act *act, int result)
{
	uint64_t now = clock_monotonic();

	if (result == -ECANCELED) {
		(void)attempts_failed(&run->attempts, act->subject, ACTION_ASK, now);
		return;
	}
	if (result == -ETIMEDOUT)
		log_warning("nobody gave the passphrase of %s in %llu s: it stays closed", act->path,
			    (unsigned long long)(act->volume->ask_timeout / USEC_PER_SEC));
	else
		log_warning("cannot ask for the passphrase of %s: %s: it stays closed", act->path, strerror(-result));
	(void)attempts_over(&run->attempts, act->subject, ACTION_ASK, now);
}

static void act_failed(struct run *run, const struct act *act, struct job *job, int result)
{
	if (act->row->action == ACTION_ASK) {
		question_failed(run, act, result);
		return;
	}
	say_failed(act, job, result);
	(void)attempts_failed(&run->attempts, act->subject, act->row->action, clock_monotonic());
}

/*
 * NULL: there is a reason to go on asking. A device that has only changed, or came back by the same name with the same
 * container on it, can be opened by the answer too.
 */
static const char *why_not_ask(const struct run *run, const struct act *act, bool all)
{
	const struct device *dev = devices_find(&run->devices, act->name);

	if (!dev)
		return "it has gone";
	if (dev->probe == PROBE_DONE && !streq(dev->tags.uuid ? dev->tags.uuid : "", act->uuid))
		return "it is another one now";
	if (devices_upper(&run->devices, dev))
		return "it is open";
	return all ? "nothing waits for it" : NULL;
}

static void act_done(struct run *run, struct job *job, int result)
{
	const struct act *act = job->data;

	profile_end(&run->profile, act->span);
	if (act->row->action == ACTION_ASK && (act->taken_back || why_not_ask(run, act, false))) {
		attempts_drop(&run->attempts, act->subject, ACTION_ASK);
		return;
	}
	if (act->row->action != ACTION_ASK && is_stale(run, act))
		return;
	if (result == 0 && act->row->take)
		result = act->row->take(run, act, job->worker.record);
	if (result < 0) {
		act_failed(run, act, job, result);
		return;
	}
	log_debug("%s %s: done", act->row->doing, act->subject);
	(void)attempts_done(&run->attempts, act->subject, act->row->action, clock_monotonic());
}

static const struct job_kind act_kind = { .name = "act", .done = act_done };

bool act_take_back(struct run *run, bool all)
{
	bool any = false;

	for (size_t i = 0; i < run->jobs.n; i++) {
		struct job *job = run->jobs.items[i];
		struct act *act = job->data;
		const char *why;

		if (job->kind != &act_kind || act->row->action != ACTION_ASK)
			continue;
		why = why_not_ask(run, act, all);
		any |= why != NULL;
		if (!why || act->taken_back)
			continue;
		log_notice("the passphrase of %s is not asked for any more: %s", act->path, why);
		act->taken_back = true;
		job->worker.deadline = clock_add(clock_monotonic(), TAKE_BACK);
		(void)kill(job->worker.pid, SIGTERM);
	}
	return any;
}

/* What is used without all its members is no news for the log alone: a person may want to see to it. */
static void announce(const struct step *step)
{
	_cleanup_free_ char *there = strv_join(step->device->slaves, " ");

	if (step->action == ACTION_START)
		log_console(LOG_WARNING, "array %s is started without all its members (there are: %s)",
			    step->device->devname, there ? there : "");
	else if (step->degraded)
		log_console(LOG_WARNING, "%s is used without all its PVs", step->subject);
}

/* "lvm pvscan dm-0" */
static int begin_span(struct run *run, const struct act *act)
{
	enum span_kind kind = act->row->action == ACTION_ASK ? SPAN_QUESTION : SPAN_HELPER;

	return profile_begin(&run->profile, kind, span_name(act->row->span, act->subject).text, act->name);
}

int act_prepare(struct run *run, const struct step *step)
{
	const char *driver = find_row(step)->driver;
	int r = 0;

	if (driver && !*driver)
		driver = step->device->tags.type;
	if (driver && driver_is_there(driver))
		return 0;
	if (driver)
		r = driver_ask(run, driver);
	if (r < 0 || (driver && modules_busy(&run->modules)))
		return r < 0 ? r : 1;
	if (!reserve_pending(run))
		return 0;
	r = reserve_start(run, false);
	return r < 0 ? r : 1;
}

int act_start(struct run *run, const struct step *step)
{
	const struct device *dev = step->device;
	uint64_t now = clock_monotonic();
	struct act *act = calloc(1, sizeof(*act));
	int r;

	if (!act)
		return -ENOMEM;
	if (step->action == ACTION_ASK && (r = secrets_open(&run->secrets)) < 0) {
		free(act);
		return r;
	}
	*act = (struct act){
		.row = find_row(step),
		.run = run,
		.volume = step->volume,
		.secret = step->secret,
		.degraded = step->degraded,
		.announced = dev->announced,
	};
	(void)snprintf(act->path, sizeof(act->path), "/dev/%s", dev->devname);
	(void)snprintf(act->name, sizeof(act->name), "%s", dev->name);
	(void)snprintf(act->subject, sizeof(act->subject), "%s", step->subject ? step->subject : dev->name);
	(void)snprintf(act->uuid, sizeof(act->uuid), "%s", dev->tags.uuid ? dev->tags.uuid : "");
	announce(step);
	r = attempts_running(&run->attempts, act->subject, step->action, now);
	if (r < 0) {
		free(act);
		return r;
	}
	act->span = begin_span(run, act);
	return jobs_start(&run->jobs, &act_kind, dev->name, act->row->run, act, clock_add(now, act->row->deadline));
}
