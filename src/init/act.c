/* SPDX-License-Identifier: MIT */
/* act: doing what a step says. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"

static const struct act_row *const rows[] = {
	&md_assemble, &md_start, &lvm_activate, &luks_ask, &luks_key, &luks_unlock,
};

/* What a scan is depends on what is scanned. */
static const struct act_row *find_row(const struct step *step)
{
	if (step->action == ACTION_SCAN)
		return streq_null(step->device->tags.type, "btrfs") ? &btrfs_scan : &lvm_scan;
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

static void act_done(struct run *run, struct job *job, int result)
{
	const struct act *act = job->data;
	uint64_t now = clock_monotonic();

	if (is_stale(run, act))
		return;
	if (result == 0 && act->row->take)
		result = act->row->take(run, act, job->worker.record);
	if (result == 0) {
		log_debug("%s %s: done", act->row->doing, act->subject);
		(void)attempts_done(&run->attempts, act->subject, act->row->action, now);
		return;
	}
	say_failed(act, job, result);
	(void)attempts_failed(&run->attempts, act->subject, act->row->action, now);
}

static const struct job_kind act_kind = { .name = "act", .done = act_done };

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
	r = attempts_running(&run->attempts, act->subject, step->action, now);
	if (r < 0) {
		free(act);
		return r;
	}
	return jobs_start(&run->jobs, &act_kind, dev->name, act->row->run, act, clock_add(now, act->row->deadline));
}
