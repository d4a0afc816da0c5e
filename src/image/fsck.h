/* SPDX-License-Identifier: MIT */
/* fsck: which file systems are checked before they are mounted, and by whose program. */
#pragma once

#include "base/macro.h"

struct checked {
	const char *fstype;
	const char *package; /* which has its checker, fsck.TYPE; NULL: it needs none */
	bool generic;        /* taken in where the root's type is not known */
	const char *config;  /* of the checker, where the sysroot has it; or NULL */
};

/* NULL for a type that nothing is known of. */
const struct checked *checked_find(const char *fstype);
