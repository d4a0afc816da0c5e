/* SPDX-License-Identifier: MIT */
/* assignment: lines KEY=VALUE, as in os-release(5), vconsole.conf(5) and Debian's keyboard(5). */
#pragma once

/* The value of `key`, its quotes taken off; the caller frees it. 0, -ENOENT where the key is not there, -ENOMEM. */
int assignment_value(const char *text, const char *key, char **ret);
