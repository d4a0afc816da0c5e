/* SPDX-License-Identifier: MIT */
/* pe: the sections of a PE file: unified kernel images keep the initrd, the command line and more in them. */
#pragma once

#include <stdint.h>

#include "base/macro.h"

struct pe_section {
	char name[9]; /* ".initrd" */
	size_t offset, size; /* in the file: within it */
};

/* Does a file of this kind begin here? Kernels for EFI are such files too. */
bool pe_is(const void *data, size_t size);

/* In the order of the file; the caller frees `*ret`. 0, -EBADMSG (damaged), -ENOMEM. */
int pe_sections(const void *data, size_t size, struct pe_section **ret, size_t *ret_n);

/* How it is laid out in memory. */
struct pe_layout {
	unsigned int machine; /* 0x8664: x86-64; see "Machine Types" of the format */
	uint64_t base;        /* where it wants to be */
	uint64_t end;         /* behind its last section, from the base */
	uint32_t alignment;   /* of sections: a power of two */
};

/* Sets the time that the header tells, s since 1970, and its sum. 0 or -EBADMSG. */
int pe_set_time(void *data, size_t size, uint32_t time);

/* 0 or -EBADMSG. */
int pe_layout(const void *data, size_t size, struct pe_layout *ret);
