/* SPDX-License-Identifier: MIT */
/* pe: the sections of a PE file: unified kernel images keep the initrd, the command line and more in them. */
#pragma once

#include "base/macro.h"

struct pe_section {
	char name[9]; /* ".initrd" */
	size_t offset, size; /* in the file: within it */
};

/* Does a file of this kind begin here? Kernels for EFI are such files too. */
bool pe_is(const void *data, size_t size);

/* In the order of the file; the caller frees `*ret`. 0, -EBADMSG (damaged), -ENOMEM. */
int pe_sections(const void *data, size_t size, struct pe_section **ret, size_t *ret_n);
