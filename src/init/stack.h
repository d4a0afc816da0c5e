/* SPDX-License-Identifier: MIT */
/* stack: what was asked of arrays and volume groups below the root: rd.md.*= and rd.lvm.*=. */
#pragma once

#include "init/option.h"

/* Ends with a row whose `name` is NULL. */
extern const struct option stack_options[];
