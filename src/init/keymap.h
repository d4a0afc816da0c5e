/* SPDX-License-Identifier: MIT */
/* keymap: the layout of the keyboard, for what is typed at a prompt. */
#pragma once

/*
 * Runs in a worker: has loadkeys(1) of the image load `asked` (rd.vconsole.keymap=), or, where that is NULL, the KEYMAP
 * of the image's vconsole.conf(5), for all virtual consoles. Nothing where there is neither, or no virtual console.
 * What fails is a warning: the kernel's own layout stays.
 */
void keymap_load(const char *asked);
