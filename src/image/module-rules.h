/* SPDX-License-Identifier: MIT */
/* module-rules: which modules an image has that is to boot on any machine. */
#pragma once

#include "base/macro.h"

struct module_rule {
	/*
	 * With a slash: the beginning of the paths below the kernel's directory
	 * ("kernel/drivers/ata/"). Without: a module's name or alias. What a kernel does not have
	 * is built in or was not built: fine.
	 */
	const char *what;
	const char *reason;
	bool leave_out; /* these paths not, unless another module needs them */
};

/* Each ends with a row whose `what` is NULL. The second is for kernels of other machines than PCs. */
extern const struct module_rule module_rules[], module_board_rules[];

/* Is that path ("kernel/drivers/block/nbd.ko") one that a row leaves out? */
bool module_rules_leave_out(const char *path);
