/* SPDX-License-Identifier: MIT */
/* main: PID 1 of the initramfs. The table below is the specification; docs/boot.md has the same headings. */
#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strv.h"
#include "init/leave.h"
#include "init/priority.h"
#include "init/rescue.h"
#include "init/run.h"
#include "init/stages.h"

/* Where the boot goes on after the rescue shell has ended. */
enum retry { AGAIN, FROM_ROOT, NEVER };

static const struct stage {
	const char *name;
	int (*run)(struct run *run);
	enum retry retry;
} stages[] = {
	{ "api",         mount_api,      AGAIN     }, /* /proc /sys /dev; /run and /run/initramfs */
	{ "cmdline",     read_cmdline,   AGAIN     }, /* what is asked of us */
	{ "modules",     load_modules,   AGAIN     }, /* what the image lists; coldplug asks for the rest */
	{ "resume",      resume,         AGAIN     }, /* before anything may write to a disk */
	{ "root",        mount_root,     AGAIN     }, /* wait for it, check it, mount it on /sysroot */
	{ "usr",         mount_usr,      AGAIN     },
	{ "exitrd",      prepare_exitrd, AGAIN     }, /* for the way back; a failure is a warning */
	{ "check",       check_init,     FROM_ROOT }, /* all that could make the switch fail */
	{ "daemons",     stop_daemons,   FROM_ROOT }, /* all but the '@' ones */
	{ "switch-root", enter_sysroot,  NEVER     }, /* does not return */
};

static size_t stage_index(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(stages) - 1 && !streq(stages[i].name, name))
		i++;
	return i;
}

/* A misspelt one would be waited for in vain. */
static void warn_of_breaks(const struct boot *boot)
{
	char names[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "", stages[i].name);
	STRV_FOREACH(name, boot->breaks)
		if (!streq(stages[stage_index(*name)].name, *name))
			log_warning("rd.break=%s is no stage (allowed: %s), ignoring", *name, names);
}

static int open_shell(struct run *run, const char *why)
{
	int span, r;

	/* Who looks for a disk there shall not lack its driver. */
	(void)modules_release(run);
	span = profile_begin(&run->profile, SPAN_QUESTION, "rescue shell", NULL);
	r = rescue_shell(why);
	profile_end(&run->profile, span);
	return r;
}

static void give_shell(struct run *run, const struct stage *stage, const char *why)
{
	if (!rescue_has_shell())
		log_error("a shell is wanted %s %s, but this image has none (slipway build --rescue puts one in)", why,
			  stage->name);
	else if (open_shell(run, why) < 0)
		log_error("cannot open a shell on the console");
}

static int run_stage(struct run *run, const struct stage *stage)
{
	/* The first began with us. */
	uint64_t now = run->profile.n > 0 ? clock_monotonic() : run->monotonic;

	run->span = profile_stage(&run->profile, run->span, stage->name, now);
	log_set_stage(stage->name);
	if (boot_breaks_at(&run->boot, stage->name) && rescue_allowed(&run->boot, run->secret_refused))
		give_shell(run, stage, "rd.break: a shell before this stage");
	return stage->run(run);
}

/* The one error was logged by the stage. Where to go on, or nowhere. */
static size_t after_failure(struct run *run, size_t i)
{
	const struct stage *stage = &stages[i];
	bool shell = rescue_allowed(&run->boot, run->secret_refused) && rescue_has_shell();

	if (stage->retry == NEVER || !shell || open_shell(run, "this stage failed: a shell to mend it") < 0)
		leave_after_failure(run, stage->name);
	return stage->retry == FROM_ROOT ? stage_index("root") : i;
}

/* For another PID 1 of the initramfs: slipway-stage.service calls us so. */
static int leave_exitrd(struct run *run)
{
	log_open("slipway", LOG_SINK_KMSG);
	log_set_stage("exitrd");
	if (mkdir("/run/initramfs", 0755) < 0 && errno != EEXIST)
		return log_errno(-errno, "cannot make /run/initramfs") < 0;
	return prepare_exitrd(run);
}

int main(int argc, char **argv, char **envp)
{
	struct run run = {
		.realtime = clock_realtime(),
		.monotonic = clock_monotonic(),
		.args = argv + (argc > 0),
		.environment = envp,
		.loop = LOOP_CLOSED,
		.span = -1,
	};

	if (getpid() != 1 && argc == 2 && streq(argv[1], "exitrd"))
		return leave_exitrd(&run);
	if (getpid() != 1) {
		(void)fprintf(stderr, "slipway %s: /init is the first program of an initramfs and runs as PID 1 only\n",
			      SLIPWAY_VERSION);
		return 2;
	}
	log_open("slipway", LOG_SINK_KMSG);
	priority_take();
	rescue_catch_crashes(false);
	for (size_t i = 0;;) {
		if (run_stage(&run, &stages[i]) < 0) {
			i = after_failure(&run, i);
			continue;
		}
		if (stages[i].run == read_cmdline) {
			/* A shell that is wanted at the end, or after a crash, is there from the beginning. */
			if (rescue_allowed(&run.boot, false))
				reserve_bring(&run);
			rescue_catch_crashes(rescue_allowed(&run.boot, false) && rescue_has_shell());
			warn_of_breaks(&run.boot);
		}
		i++;
	}
}
