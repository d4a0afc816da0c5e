/* SPDX-License-Identifier: MIT */
/* index-format: the numbers of kmod's binary index, for who writes it and who reads it (libkmod/libkmod-index.c). */
#pragma once

#define INDEX_MAGIC   0xb007f457u
#define INDEX_VERSION 0x00020001u /* readers look at the upper half */

/* The upper bits of the offset that leads to a node say what stands there, in this order. */
#define INDEX_HAS_PREFIX 0x80000000u
#define INDEX_HAS_CHILDS 0x20000000u
#define INDEX_HAS_VALUES 0x40000000u
#define INDEX_OFFSET     0x0fffffffu
#define INDEX_KEY_MAX    4096 /* how deep what calls itself may go */
