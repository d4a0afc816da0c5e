/* SPDX-License-Identifier: MIT */
/* layer: what opens a member: the rows of plan() for LUKS and MD, and the table of all. Pure, as plan() is. */
#pragma once

#include "init/view.h"

/*
 * What is to be done to `dev` so that what it is a member of comes up. True: `step` says it. False: nothing now;
 * step->wake_at may be earlier than it was.
 */
bool layer_next(const struct view *v, const struct device *dev, struct step *step);
