/* SPDX-License-Identifier: MIT */
/* volume: the LUKS containers that are to be opened: rd.luks.*= and the image's crypttab. */
#pragma once

#include "init/option.h"

/* Ends with a row whose `name` is NULL. */
extern const struct option volume_options[];

/* The image's /etc/crypttab, before the command line. 0 or -ENOMEM; what makes no sense becomes a warning. */
int volumes_crypttab(struct boot *b, const char *text);

/* After the last word: what was said for all is given to each. 0 or -ENOMEM. */
int volumes_complete(struct boot *b);
