/* SPDX-License-Identifier: MIT */
/* host: the modules of an image for what this machine boots from. */
#pragma once

#include "image/module.h"

/* What config->target needs, and the list of what init loads first. Errors are logged. */
int host_add_modules(struct modules *m);
