/* SPDX-License-Identifier: MIT */
/* reserve: what most boots have no use for, as one file of the image. */
#include "base/log.h"
#include "image/build.h"
#include "image/newc.h"
#include "image/reserve.h"

void build_into(struct build *b, enum tree_segment segment)
{
	b->tree.adding = b->reserve ? segment : SEGMENT_MAIN;
}

/* Its place; what it holds is there when all is packed. */
int reserve_add(struct build *b)
{
	static const struct tree_node place = {
		.path = RESERVE,
		.mode = S_IFREG | 0644,
		.flags = TREE_DATA | TREE_BORROWED,
		.bytes = "",
		.reason = "what most boots have no use for",
	};
	int r = newc_part_is_empty(&b->tree, &(struct newc_part){ .segment = SEGMENT_RESERVE })
			? 0
			: tree_add(&b->tree, &place, NULL);

	return r < 0 ? log_errno(r, "cannot add /" RESERVE) : 0;
}
