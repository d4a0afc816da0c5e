/* SPDX-License-Identifier: MIT */
/* depmod: the modules' index, for just the modules that are in the tree. */
#pragma once

#include "image/build.h"

/*
 * Runs the host's depmod(8) over a temporary directory of symlinks to the tree's modules and
 * takes in what it wrote. Its own format is kmod's business, and it reads modules of every
 * machine. Errors are logged.
 */
int depmod_add(struct build *b);
