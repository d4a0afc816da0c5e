/* SPDX-License-Identifier: MIT */
/* checked: a drop-in for the unit that would check /usr again. */
#include "init/checked.h"
#include "init/fsck.h"
#include "init/unit.h"

static const char text[] = "# checked before systemd was started, see usr-fsck\n"
			   "[Unit]\n"
			   "ConditionPathExists=!/run/initramfs/usr-fsck\n";

int checked_write(const struct fsck_result *check)
{
	return fsck_is_done(check) ? unit_write(check->unit, text) : 0;
}

void checked_remove(const struct fsck_result *check)
{
	if (fsck_is_done(check))
		unit_remove(check->unit);
}
