/* SPDX-License-Identifier: MIT */
/* usronly: a root that is empty but for /usr, systemd.volatile=yes. systemd-volatile-root.service(8) */
#pragma once

struct run;

/*
 * A tmpfs on SYSROOT, with the lower layer's /usr and its links into that. 0, or -errno after the one error was logged.
 */
int usronly_mount(struct run *run);
