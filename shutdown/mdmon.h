/* SPDX-License-Identifier: MIT */
/* mdmon: the daemon that writes the metadata of IMSM and DDF arrays. */
#pragma once

/*
 * Waits until it has written what there is to be written of the volume ("md126") of the container ("md127"), eight
 * seconds at most; also when it has ended since, having nothing more to do. `root` is a descriptor of "/". 0; -ENOENT
 * where there is no mdadm to ask it; -ECHILD where it does not answer.
 */
int mdmon_await(int root, const char *container, const char *volume);
