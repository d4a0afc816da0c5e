/* SPDX-License-Identifier: MIT */
/* coldplug: reading /sys as if every device had just been added. */
#include <errno.h>
#include <limits.h>

#include "base/file.h"
#include "init/coldplug.h"

typedef int (*take_fn)(struct run *run, const struct uevent *u);

static DIR *open_directory(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		(void)close(fd);
	return dir;
}

/* "../../devices/…" is what links in class/block and bus/BUS/devices say: the device path follows the dots. */
static const char *device_path(int dir, const char *name, char link[4096])
{
	ssize_t n = readlinkat(dir, name, link, 4095);

	link[MAX(n, 0)] = '\0';
	return strstr(link, "/devices/");
}

/*
 * One link to a directory with a file `uevent`. Devices may go while we look: that is no error. There are a hundred on
 * the smallest machine, so what has its driver, or no modalias, costs as few calls as can be.
 */
static int take_link(int dir, const char *name, const char *subsystem, bool block, struct run *run, take_fn take)
{
	_cleanup_free_ char *text = NULL;
	char path[NAME_MAX + sizeof("/driver")], link[4096];
	struct uevent u;

	(void)snprintf(path, sizeof(path), "%s/driver", name);
	/* A device that has its driver asks for no module. */
	if (!block && faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/uevent", name);
	if (file_read(dir, path, 64 * 1024, &text, NULL) < 0 || uevent_parse_sysfs(text, &u) < 0 ||
	    (!block && !u.modalias))
		return 0;
	u.devpath = device_path(dir, name, link);
	u.subsystem = subsystem;
	return u.devpath ? take(run, &u) : 0;
}

static int take_all(int sysfd, const char *path, const char *subsystem, bool block, struct run *run, take_fn take)
{
	_cleanup_closedir_ DIR *dir = open_directory(sysfd, path);
	struct dirent *de;

	while (dir && (de = readdir(dir))) {
		int r;

		if (de->d_name[0] == '.')
			continue;
		r = take_link(dirfd(dir), de->d_name, subsystem, block, run, take);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The kernel's own books: none of their devices has a modalias, and of memory alone there may be some hundred. */
static bool is_bookkeeping(const char *bus)
{
	static const char *const names[] = {
		"memory",      "memory_tiering", "node",         "clocksource",
		"clockevents", "event_source",   "machinecheck", "workqueue",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(bus, names[i]))
			return true;
	return false;
}

int coldplug(int sysfd, struct run *run, int (*take)(struct run *run, const struct uevent *u))
{
	_cleanup_closedir_ DIR *buses = NULL;
	struct dirent *de;
	int r = take_all(sysfd, "class/block", "block", true, run, take);

	if (r < 0)
		return r;
	buses = open_directory(sysfd, "bus");
	while (buses && (de = readdir(buses))) {
		_cleanup_free_ char *path = NULL;

		if (de->d_name[0] == '.' || is_bookkeeping(de->d_name))
			continue;
		if (asprintf(&path, "bus/%s/devices", de->d_name) < 0)
			return -ENOMEM;
		r = take_all(sysfd, path, de->d_name, false, run, take);
		if (r < 0)
			return r;
	}
	return 0;
}
