/* SPDX-License-Identifier: MIT */
/* stack: what was asked of the storage below the root: rd.luks.*, rd.md.*, rd.lvm.*, and crypttab. */
#pragma once

#include "init/option.h"

/* Ends with a row whose `name` is NULL. */
extern const struct option stack_options[];

/* The image's /etc/crypttab, before the command line. 0 or -ENOMEM; what makes no sense becomes a warning. */
int stack_crypttab(struct boot *b, const char *text);

/* After the last word: what was said for all is given to each. 0 or -ENOMEM. */
int stack_complete(struct boot *b);
