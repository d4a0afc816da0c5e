/* SPDX-License-Identifier: MIT */
/* unitfile: what a unit of systemd's names, as systemd.unit(5) and systemd.service(5) have it. */
#pragma once

/*
 * The programs of all Exec…= lines, as they are written ("/bin/mount", "udevadm"), without the characters that may
 * stand in front ("-@:+!|"); appended to the strv `ret`, each once. 0 or -ENOMEM.
 */
int unitfile_programs(const char *text, char ***ret);
