/* SPDX-License-Identifier: MIT */
/* unit: units and drop-ins for the next init. */
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

/* Only those in which nothing is. */
static void remove_directories(void)
{
	(void)rmdir(UNITS);
	(void)rmdir("/run/systemd");
}

void unit_remove(const char *unit)
{
	_cleanup_free_ char *dir = NULL, *path = NULL;

	if (asprintf(&dir, UNITS "/%s.d", unit) < 0 || asprintf(&path, "%s/" NAME, dir) < 0)
		return;
	(void)unlink(path);
	(void)rmdir(dir);
	remove_directories();
}

int unit_make(const char *unit, const char *text)
{
	_cleanup_free_ char *path = NULL;
	int r = file_mkdir_parents(AT_FDCWD, UNITS, 0755);

	if (r < 0)
		return r;
	return asprintf(&path, UNITS "/%s", unit) < 0 ? -ENOMEM : file_write(AT_FDCWD, path, text, 0644);
}

void unit_unmake(const char *unit)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, UNITS "/%s", unit) < 0)
		return;
	(void)unlink(path);
	remove_directories();
}
