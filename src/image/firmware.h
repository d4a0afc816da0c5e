/* SPDX-License-Identifier: MIT */
/* firmware: the files that modules of the tree load into their devices. */
#pragma once

#include "image/module.h"

/*
 * Which modules are asked: with firmware = yes, and in an image for this machine, all of them; in a generic one those
 * that the settings name, and those that a row here says drive storage or a keyboard. The files are looked for as the
 * kernel does, and lie where it will find them. What is not there is counted: most of it is for devices that nobody
 * here has. Errors are logged.
 */
int firmware_add(struct modules *m);
