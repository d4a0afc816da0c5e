/* SPDX-License-Identifier: MIT */
/*
 * store: the words that say where what is written above an image goes: memory, a device, nowhere. Pure.
 *
 * Each takes a word's value into `b->live`, as a row of spelling.c has it; `field` is not used. 0 or -ENOMEM; what
 * makes no sense becomes a warning.
 */
#pragma once

#include "init/option.h"

/* "tmpfs", "none", "medium", a device; the latter two with ":/PATH", below which are upper/ and work/. */
int store_set(struct boot *b, const struct cmdline_word *w, void *field);

/* That path alone. */
int store_set_dir(struct boot *b, const struct cmdline_word *w, void *field);

/* rd.live.overlay=DEVICE[:PATH]: the directory itself, and ovlwork beside it; anything else is memory. */
int store_set_live(struct boot *b, const struct cmdline_word *w, void *field);

/* rd.overlay: yes, no, "tmpfs:size=…", or a device that has /overlay and /ovlwork. */
int store_set_overlay(struct boot *b, const struct cmdline_word *w, void *field);

/* A device that has /data and /work. */
int store_set_data(struct boot *b, const struct cmdline_word *w, void *field);

/* Memory, and of the root only /usr below it. */
int store_set_usr_only(struct boot *b, const struct cmdline_word *w, void *field);
