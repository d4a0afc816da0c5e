/* SPDX-License-Identifier: MIT */
/* udevdb: entries of udev's database for mappings. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "init/lvname.h"
#include "init/udevdb.h"

/*
 * What lvm2 would say to udev of a mapping inside of a volume: no links but its own name, not looked into, no .device
 * unit. Else links to a file system might lead to half of a mirror. Since lvm2 2.03.24 the third goes by the fourth.
 */
#define PRIVATE                                    \
	"E:DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG=1\n" \
	"E:DM_UDEV_DISABLE_DISK_RULES_FLAG=1\n"      \
	"E:DM_UDEV_DISABLE_OTHER_RULES_FLAG=1\n"     \
	"E:DM_COOKIE_DISABLE_OTHER_RULES_FLAG=1\n"

/*
 * The format is private to udev and has been the same since systemd 183: a letter, ':', a value; I: the time of
 * its initialisation (CLOCK_MONOTONIC µs), E: a property, V: the version (since 247).
 */
static int write_entry(int runfd, const struct device *dev, uint64_t now)
{
	_cleanup_free_ char *text = NULL;
	char name[64];

	(void)snprintf(name, sizeof(name), "udev/data/b%u:%u", major(dev->devno), minor(dev->devno));
	if (faccessat(runfd, name, F_OK, 0) == 0)
		return 0;
	if (asprintf(&text,
		     "I:%llu\n"
		     "E:DM_UDEV_PRIMARY_SOURCE_FLAG=1\n"
		     "E:DM_UDEV_RULES=1\n"
		     "E:DM_UDEV_RULES_VSN=2\n"
		     "E:DM_ACTIVATION=1\n"
		     "E:DM_SUSPENDED=0\n"
		     "E:DM_NAME=%s\n"
		     "E:DM_UUID=%s\n"
		     "%s"
		     "V:1\n",
		     (unsigned long long)now, dev->dm_name, dev->dm_uuid ? dev->dm_uuid : "",
		     lvname_is_private(dev->dm_name, dev->dm_uuid) ? PRIVATE : "") < 0)
		return -ENOMEM;
	return file_write(runfd, name, text, 0644);
}

int udevdb_write(int runfd, const struct devices *devices, uint64_t now)
{
	int first = 0;

	for (size_t i = 0; i < devices->n; i++) {
		int r = 0;

		if (!devices->items[i]->dm_name)
			continue;
		r = file_mkdir_parents(runfd, "udev/data", 0755);
		if (r == 0)
			r = write_entry(runfd, devices->items[i], now);
		if (first == 0)
			first = r;
	}
	return first;
}
