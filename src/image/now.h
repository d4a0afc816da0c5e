/* SPDX-License-Identifier: MIT */
/* now: what build would make now, for the commands that look at it. */
#pragma once

#include "image/config.h"
#include "image/image.h"

/* -EINVAL, logged, where there is an option of build's that says where or how to write. */
int now_check_usage(const char *command, const struct config *c);

/*
 * The whole config of a build that writes nothing: `image` is then what build would write. For the kernel of `like`
 * (may be NULL) where nothing else is asked for and it says which one that is. Errors are logged.
 */
int now_complete(struct config *c, const struct image *like);

/* Both, and the build. */
int now_open(struct config *c, const struct image *like, struct image *ret);
