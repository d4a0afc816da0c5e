/* SPDX-License-Identifier: MIT */
/* ram: an image copied to memory, so that its medium can be taken out. */
#pragma once

struct run;

/*
 * The file at `path` of the medium, into a tmpfs on LIVE_RAM. `*ret` is its path there; the caller frees. Whether there
 * is room is looked at before; tells how far it is. 0, or -errno after the one error was logged.
 */
int ram_copy_file(struct run *run, const char *path, char **ret);

/* The same of the medium's device, all of it. */
int ram_copy_medium(struct run *run, char **ret);
