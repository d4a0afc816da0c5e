/* SPDX-License-Identifier: MIT */
/*
 * reserve: what most boots have no use for, as one file of the image.
 *
 * The kernel unpacks an image before it starts /init, all of it, and each MB of zstd costs 15 ms. So what each boot
 * touches lies in the image as it is, and the rest in this file, an archive of the kernel's own format, compressed:
 * the kernel only copies it. /init unpacks it over what is there when a boot turns out to need it. Nothing in front may
 * need what is in it to run; nothing in it may be part of what is in front.
 */
#pragma once

#define RESERVE "usr/lib/slipway/reserve.cpio.zst"
