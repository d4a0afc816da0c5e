/* SPDX-License-Identifier: MIT */
/* meminfo: /proc/meminfo below a given root, KiB; 0 where it says nothing. */
#pragma once

#include <stdint.h>

/* What is still to be written, of all file systems. */
uint64_t meminfo_dirty(int root);

/* What may be used without swapping. */
uint64_t meminfo_available(int root);
