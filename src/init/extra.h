/* SPDX-License-Identifier: MIT */
/*
 * extra: what systemd-stub has put into the initramfs below /.extra (systemd-stub(7)): credentials from beside the
 * unified kernel image, and what was signed along with that. The booted system looks for it below /run, where systemd
 * as the initrd's own init would have put it.
 */
#pragma once

#include "base/macro.h"

/* Where systemd has them (systemd.exec(5), systemd-creds(1)). */
#define EXTRA_CREDENTIALS "/run/credentials/@encrypted"

/*
 * Copies it. What cannot be copied is a warning. `systemd`: the next init is that; nobody else looks for the rest. True
 * when there are credentials.
 */
bool extra_keep(bool systemd);
