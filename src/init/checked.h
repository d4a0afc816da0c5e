/* SPDX-License-Identifier: MIT */
/*
 * checked: telling systemd that /usr is checked.
 *
 * The unit that would check it, an instance of systemd-fsck@.service, is bound to a device that systemd does not
 * know of yet when it takes over: handed over as started by serialization it would be stopped at once, and
 * started anew. So it gets a drop-in with a condition that fails.
 */
#pragma once

#include "init/run.h"

/*
 * Writes the drop-in for a check that ran and left nothing to be mended, below /run/systemd/system: only for
 * a next init that is systemd, since that directory says to everybody that systemd runs. 0 or -errno.
 */
int checked_write(const struct fsck_result *check);

/* Takes it back, with the directories that nothing else is in: another init is taken after all. */
void checked_remove(const struct fsck_result *check);
