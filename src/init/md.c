/* SPDX-License-Identifier: MIT */
/* md: arrays, by mdadm: member by member, and without the missing ones when their time has passed. */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"

#define DEADLINE (60 * USEC_PER_SEC)

static int run_mdadm(const char *const argv[], int fd)
{
	int r = tool_run(&(struct tool){ .argv = argv }, fd);

	return r > 0 ? -EIO : r;
}

/* mdadm.conf in the image says which are ours; the array is started when its last member comes. mdadm(8) */
static int assemble(int fd, void *data)
{
	const struct act *act = data;
	const char *const argv[] = { "mdadm", "--incremental", act->path, NULL };

	/* mdadm 4.5 wants to set its parameters first; without modprobe it says so itself. */
	if (access("/sys/module/md_mod", F_OK) < 0)
		(void)tool_load("md_mod", fd);
	return run_mdadm(argv, fd);
}

/* The kernel is silent about an array that does not run yet. */
static int look_at_arrays(struct run *run, const struct act *act, char *record)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->devices.n; i++)
		if (startswith(run->devices.items[i]->name, "md"))
			r = device_read(run->devices.items[i], run->loop.sys_fd);
	return r;
}

/* For a container this starts the volumes in it. */
static int start(int fd, void *data)
{
	const struct act *act = data;
	const struct device *dev = devices_find(&act->run->devices, act->name);
	const char *const container[] = { "mdadm", "--incremental", "--run", act->path, NULL };
	const char *const array[] = { "mdadm", "--run", act->path, NULL };

	return run_mdadm(dev && streq_null(dev->md_level, "container") ? container : array, fd);
}

const struct act_row md_assemble = { ACTION_ASSEMBLE, "assemble the array of", DEADLINE, assemble, look_at_arrays };
const struct act_row md_start = { ACTION_START, "start the array without all its members", DEADLINE, start, NULL };
