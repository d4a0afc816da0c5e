/* SPDX-License-Identifier: MIT */
/* directory: one from which all is deleted, by descriptor, never across a mount. */
#pragma once

#include <sys/types.h>

/* Deletes what is in the directory `fd`, which it takes, as far as it is of the device `dev`. What cannot be stays. */
void directory_empty(int fd, dev_t dev);
