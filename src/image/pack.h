/* SPDX-License-Identifier: MIT */
/* pack: the tree as the bytes of an image. */
#pragma once

#include "base/buffer.h"
#include "image/build.h"

struct packed {
	struct buffer image;
	struct buffer reserve; /* a file of the image, which the tree borrows */
	uint64_t unpacked; /* bytes of its archives */
};

/* The caller frees it with packed_free(). The one error is logged. */
int pack(const struct build *b, struct packed *ret);
void packed_free(struct packed *p);
