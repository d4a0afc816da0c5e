/* SPDX-License-Identifier: MIT */
/*
 * boot: what was *asked*: the kernel command line and the image's /etc/cmdline.d. Read once, const afterwards.
 *
 * Every option is a row of the table in boot.c and of slipway.cmdline(7).
 */
#pragma once

#include <stdint.h>

#include "base/cmdline.h"
#include "init/spec.h"

enum fsck_mode { FSCK_AUTO, FSCK_FORCE, FSCK_SKIP };
enum fsck_repair { REPAIR_PREEN, REPAIR_YES, REPAIR_NO };
enum emergency { EMERGENCY_EXIT, EMERGENCY_REBOOT, EMERGENCY_POWEROFF, EMERGENCY_HALT };
enum tristate { UNSET = -1, NO = 0, YES = 1 };

struct boot_mount {
	struct spec spec;
	char *fstype; /* NULL: what the device holds; may be a list, "ext4,xfs" */
	char *flags;  /* mount options for libmount, or NULL */
};

struct boot {
	struct cmdline cmdline; /* all words: cmdline.d first, the kernel's last */
	struct boot_mount root, usr;
	bool rw;
	uint64_t timeout;       /* µs to wait for root and /usr; USEC_FOREVER with rootwait or 0 */
	uint64_t delay;         /* µs from the start before root may be mounted */
	enum fsck_mode fsck_mode;
	enum fsck_repair fsck_repair;
	char *init;             /* NULL: the usual places */
	struct spec resume;     /* SPEC_NONE: none, or noresume */
	char **breaks;          /* names of stages, before which a shell is wanted */
	enum tristate shell;    /* rd.shell= */
	enum emergency emergency;
	char **modules;         /* to be loaded before all others */
	bool debug;
	bool serialize;         /* hand over to systemd by serialization */
	char **warnings;        /* words that could not be used, each a whole sentence */
};

/*
 * Reads `image_words` (may be NULL; the words of cmdline.d) and `kernel_words` (/proc/cmdline). A value that
 * makes no sense becomes a warning and the default. 0 or -ENOMEM.
 */
int boot_parse(const char *image_words, const char *kernel_words, struct boot *ret);
void boot_free(struct boot *b);

/* Is a shell wanted before that stage? */
bool boot_breaks_at(const struct boot *b, const char *stage);
