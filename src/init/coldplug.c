/* SPDX-License-Identifier: MIT */
/* coldplug: reading /sys as if every device had just been added. */
#include <errno.h>

#include "base/file.h"
#include "init/coldplug.h"

typedef int (*take_fn)(struct run *run, const struct uevent *u);

/* One directory with a file `uevent`. Devices may go while we look: that is no error. */
static int take_device(int dir, const char *devpath, const char *subsystem, struct run *run, take_fn take)
{
	_cleanup_free_ char *text = NULL;
	struct uevent u;

	if (file_read(dir, "uevent", 64 * 1024, &text, NULL) < 0 || uevent_parse_sysfs(text, &u) < 0)
		return 0;
	u.devpath = devpath;
	u.subsystem = subsystem;
	return take(run, &u);
}

static DIR *open_directory(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		(void)close(fd);
	return dir;
}

/*
 * The links in /sys/class/block and /sys/bus/BUS/devices are "../../devices/…" : the device path is what
 * follows the dots.
 */
static int take_link(int dir, const char *name, const char *subsystem, bool block, struct run *run, take_fn take)
{
	_cleanup_close_ int fd = -EBADF;
	char link[4096], *path;
	ssize_t n = readlinkat(dir, name, link, sizeof(link) - 1);

	if (n < 0)
		return 0;
	link[n] = '\0';
	path = strstr(link, "/devices/");
	if (!path)
		return 0;
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* A device that has its driver asks for no module. */
	if (!block && faccessat(fd, "driver", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return take_device(fd, path, subsystem, run, take);
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

		if (de->d_name[0] == '.')
			continue;
		if (asprintf(&path, "bus/%s/devices", de->d_name) < 0)
			return -ENOMEM;
		r = take_all(sysfd, path, de->d_name, false, run, take);
		if (r < 0)
			return r;
	}
	return 0;
}
