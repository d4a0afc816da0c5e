/* SPDX-License-Identifier: MIT */
/* unit: a drop-in for a unit of the next init. */
#include <errno.h>

#include "base/file.h"
#include "init/unit.h"

#define UNITS "/run/systemd/system"
#define NAME  "50-slipway.conf"

int unit_write(const char *unit, const char *text)
{
	_cleanup_free_ char *dir = NULL, *path = NULL;
	int r;

	if (asprintf(&dir, UNITS "/%s.d", unit) < 0 || asprintf(&path, "%s/" NAME, dir) < 0)
		return -ENOMEM;
	r = file_mkdir_parents(AT_FDCWD, dir, 0755);
	return r < 0 ? r : file_write(AT_FDCWD, path, text, 0644);
}

void unit_remove(const char *unit)
{
	_cleanup_free_ char *dir = NULL, *path = NULL;

	if (asprintf(&dir, UNITS "/%s.d", unit) < 0 || asprintf(&path, "%s/" NAME, dir) < 0)
		return;
	(void)unlink(path);
	(void)rmdir(dir);
	(void)rmdir(UNITS);
	(void)rmdir("/run/systemd");
}
