/* SPDX-License-Identifier: MIT */
/* md: arrays, by mdadm: member by member, and without the missing ones when their time has passed. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "init/act.h"
#include "init/run.h"
#include "init/tool.h"

#define DEADLINE       (60 * USEC_PER_SEC)
#define MDMON_DEADLINE (10 * USEC_PER_SEC)

/*
 * mdadm has the kernel start a volume read-only; mdmon, which is ready by then, makes it writable: "read-auto", the
 * first write makes it "active". The kernel tells that in sysfs alone. 0, -EROFS where nobody does, -errno.
 */
static int await_mdmon(int block, const char *name, uint64_t deadline)
{
	_cleanup_free_ char *path = NULL, *version = NULL, *state_path = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (asprintf(&path, "%s/md/metadata_version", name) < 0 ||
	    asprintf(&state_path, "%s/md/array_state", name) < 0)
		return -ENOMEM;
	if (file_read_line(block, path, &version) < 0 || !startswith(version, "external:/"))
		return 0;
	fd = openat(block, state_path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		char state[32] = "";

		if (pread(fd, state, sizeof(state) - 1, 0) < 0 || !startswith(state, "readonly\n"))
			return 0;
		if (poll(&p, 1, clock_poll_ms(deadline, clock_monotonic())) == 0)
			return -EROFS;
	}
	return 0;
}

static int await_all_mdmons(void)
{
	uint64_t deadline = clock_add(clock_monotonic(), MDMON_DEADLINE);
	_cleanup_closedir_ DIR *block = NULL;
	struct dirent *de;
	int r = file_open_dir(AT_FDCWD, "/sys/block", &block);

	while (r == 0 && (de = readdir(block)))
		if (startswith(de->d_name, "md"))
			r = await_mdmon(dirfd(block), de->d_name, deadline);
	return r;
}

/*
 * Of a container mdadm starts the volumes, and for them mdmon, the daemon that writes their metadata. It finds it
 * beside itself. In an initrd mdmon calls itself "@…": all of us and of systemd leave it alone. mdmon(8)
 */
static int run_mdadm(const struct act *act, const char *const argv[], int fd)
{
	const char *variable = act->run->boot.imsm_anywhere ? "IMSM_NO_PLATFORM=1" : NULL;
	int r = tool_run(&(struct tool){ .argv = argv, .variable = variable }, fd);

	return r > 0 ? -EIO : r < 0 ? r : await_all_mdmons();
}

/* mdadm.conf in the image says which are ours; the array is started when its last member comes. mdadm(8) */
static int assemble(int fd, void *data)
{
	const struct act *act = data;
	const char *const argv[] = { "mdadm", "--incremental", act->path, NULL };

	/* mdadm 4.5 wants to set its parameters first; without modprobe it says so itself. */
	if (access("/sys/module/md_mod", F_OK) < 0)
		(void)tool_load("md_mod", fd);
	return run_mdadm(act, argv, fd);
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

	return run_mdadm(act, dev && streq_null(dev->md_level, "container") ? container : array, fd);
}

/* How many members its array should have: the kernel does not know that of an array that never ran. mdadm(8) */
static int examine(int fd, void *data)
{
	const struct act *act = data;
	const char *const argv[] = { "mdadm", "--examine", "--export", act->path, NULL };
	int r = tool_run(&(struct tool){ .argv = argv }, fd);

	return r > 0 ? -EIO : r;
}

static int take_total(struct run *run, const struct act *act, char *record)
{
	static const char word[] = "MD_DEVICES=";
	struct device *dev = devices_find(&run->devices, act->name);
	const char *total = record ? strstr(record, word) : NULL;

	if (dev && total)
		dev->membership.total = (unsigned int)strtoul(total + strlen(word), NULL, 10);
	return 0;
}

const struct act_row md_scan = { ACTION_SCAN, "read the superblock of", "mdadm examine", DEADLINE, examine,
				 take_total, NULL };
const struct act_row md_assemble = { ACTION_ASSEMBLE, "assemble the array of", "mdadm incremental", DEADLINE,
				     assemble, look_at_arrays, NULL };
const struct act_row md_start = { ACTION_START, "start the array without all its members", "mdadm run", DEADLINE,
				  start, look_at_arrays, NULL };
