/* SPDX-License-Identifier: MIT */
/* livespec: what the words about layers mean together, and beside root=. Pure. */
#pragma once

#include "init/boot.h"

/*
 * After the last word: is a live system wanted, which file system is its medium, where does it go on. What root= said
 * of a medium is moved to `b->live`. 0 or -ENOMEM.
 */
int livespec_complete(struct boot *b);
void livespec_free(struct boot_live *l);
