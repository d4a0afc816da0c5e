/* SPDX-License-Identifier: MIT */
/*
 * gptauto: the root and /usr of the disk that the firmware booted from: root=gpt-auto, or no root= at all.
 *
 * Boot loaders of systemd's interface (systemd-boot, systemd-stub, GRUB since 2.12) tell the PARTUUID of the partition
 * that they were started from in the firmware's variable LoaderDevicePartUUID:
 * https://systemd.io/BOOT_LOADER_INTERFACE/
 */
#pragma once

#include "init/option.h"

struct run;

/* Ends with a row whose `name` is NULL. */
extern const struct option gptauto_options[];

struct gptauto {
	struct spec root, usr, root_verity; /* SPEC_NONE: not asked for, or not known yet */
};

/* If the word's value is "gpt-auto" that is put into `spec`. 1, 0 for another value, -ENOMEM. */
int gptauto_word(const struct cmdline_word *w, struct spec *spec);

/* Is the root to be found so? */
bool gptauto_is_asked(const struct boot *b);

/* Reads what the boot loader has told, into run->gpt. 0, or -errno after the one error was logged. */
int gptauto_read(struct run *run);

/* Says so where the root has a partition with its checksums, which nobody looks at here. */
void gptauto_say_unverified(const struct run *run);

/* Is there a partition for /usr on that disk? Waits for those that are still being read. */
bool gptauto_has_usr(struct run *run);
void gptauto_free(struct gptauto *g);

#define LOADER_UUID_SIZE 37 /* with its NUL */

/* The variable's content: four bytes of attributes, a UUID in UTF-16. 0 or -EBADMSG. */
int gptauto_decode(const void *data, size_t size, char ret[LOADER_UUID_SIZE]);
