/* SPDX-License-Identifier: MIT */
/* number: a decimal number and nothing else: no sign, no space, no letters after it. */
#pragma once

#include <stdint.h>

/* Limits that the kernel has: 12 and 20 bits of dev_t; ADDPART's partitions. */
#define DEV_MAJOR_MAX 0xfff
#define DEV_MINOR_MAX 0xfffff
#define PARTN_MAX     65535

/* 0; -EINVAL where `s` is not all digits, -ERANGE above `max`. */
int number_parse(const char *s, uint64_t max, uint64_t *ret);
