/* SPDX-License-Identifier: MIT */
/* resume: waking from hibernation, before anything may write to a disk. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "init/probe.h"
#include "init/run.h"
#include "init/stages.h"

#define RESUME_FILE "/sys/power/resume"
/* A resume= that is left over from a disk long gone must not cost the whole wait for root. */
#define RESUME_WAIT (30 * USEC_PER_SEC)

static int find_swap(struct run *run, const struct device **ret)
{
	uint64_t now = clock_monotonic();
	struct want want = {
		.what = "resume",
		.spec = &run->boot.resume,
		.since = now,
		.deadline = clock_add(now, MIN(run->boot.timeout, RESUME_WAIT)),
		.at_once = probes_at_once(),
	};
	int span, r;

	attempts_forget(&run->attempts, "resume");
	span = profile_begin(&run->profile, SPAN_WAIT, "resume/wait", NULL);
	r = await_device(run, &want, ret);
	profile_found(&run->profile, span, r == 0 ? (*ret)->name : NULL);
	return r;
}

/* Comes back only when the kernel did not resume. */
static void try_resume(const struct device *dev)
{
	char text[32];
	int r;

	(void)snprintf(text, sizeof(text), "%u:%u\n", major(dev->devno), minor(dev->devno));
	log_info("resuming from %s", dev->devname);
	r = file_write(AT_FDCWD, RESUME_FILE, text, 0);
	log_warning("the kernel did not resume from %s%s%s, booting anew", dev->devname, r < 0 ? ": " : "",
		    r < 0 ? strerror(-r) : "");
}

int resume(struct run *run)
{
	const struct device *dev;

	if (run->boot.resume.kind == SPEC_NONE)
		return 0;
	if (access(RESUME_FILE, W_OK) < 0) {
		log_info("resume= is given, but this kernel cannot hibernate, ignoring");
		return 0;
	}
	if (find_swap(run, &dev) < 0)
		log_warning("booting without resume");
	else if (!streq_null(dev->tags.type, "swsuspend"))
		log_info("%s holds no hibernation image", dev->devname);
	else
		try_resume(dev);
	return 0;
}
