/* SPDX-License-Identifier: MIT */
/*
 * uki: a unified kernel image: systemd-stub, the kernel, its command line and the initrd as one EFI program.
 *
 * ukify makes it where it is installed, and signs it if the system's uki.conf says so; else objcopy adds the sections
 * to the stub. Format: https://uapi-group.org/specifications/specs/unified_kernel_image/
 */
#pragma once

#include "base/buffer.h"
#include "image/config.h"

/* Of config->uki_kernel, or the kernel that the sysroot has for config->kernel. Errors are logged. */
int uki_make(const struct config *c, const struct buffer *initrd, struct buffer *ret);
