/* SPDX-License-Identifier: MIT */
/* checked: a drop-in for the unit that would check /usr again. systemd.unit(5) */
#include <errno.h>

#include "base/file.h"
#include "init/checked.h"
#include "init/fsck.h"

#define UNITS "/run/systemd/system"
#define NAME  "50-slipway.conf"

static const char text[] = "# checked before systemd was started, see usr-fsck\n"
			   "[Unit]\n"
			   "ConditionPathExists=!/run/initramfs/usr-fsck\n";

static char *directory_of(const struct fsck_result *check)
{
	char *path;

	if (!fsck_is_done(check))
		return NULL;
	return asprintf(&path, UNITS "/%s.d", check->unit) < 0 ? NULL : path;
}

int checked_write(const struct fsck_result *check)
{
	_cleanup_free_ char *dir = directory_of(check), *path = NULL;
	int r;

	if (!dir)
		return fsck_is_done(check) ? -ENOMEM : 0;
	if (asprintf(&path, "%s/" NAME, dir) < 0)
		return -ENOMEM;
	r = file_mkdir_parents(AT_FDCWD, dir, 0755);
	return r < 0 ? r : file_write(AT_FDCWD, path, text, 0644);
}

void checked_remove(const struct fsck_result *check)
{
	_cleanup_free_ char *dir = directory_of(check), *path = NULL;

	if (!dir || asprintf(&path, "%s/" NAME, dir) < 0)
		return;
	(void)unlink(path);
	(void)rmdir(dir);
	(void)rmdir(UNITS);
	(void)rmdir("/run/systemd");
}
