/* SPDX-License-Identifier: MIT */
/* omit: modules that are not wanted in an image. */
#pragma once

#include "base/macro.h"

/*
 * Does the strv name the module at `path` ("kernel/drivers/ata/ahci.ko.xz")? An entry with a slash is the beginning of
 * a path, else a module's name, where '-' and '_' are one.
 */
bool omit_names(char *const *list, const char *path);

/* Is that modprobe.d's way to say that a module is never to be loaded: "install NAME /bin/true", or false? */
bool omit_is_refusal(const char *install_command);
