/* SPDX-License-Identifier: MIT */
/* contents: an image's archives as the tree that the kernel will make of them. */
#include <errno.h>

#include "base/strv.h"
#include "image/contents.h"

#define MICROCODE "kernel/x86/microcode/"

static int add_entry(const struct archive_entry *entry, enum tree_segment segment, struct tree *t)
{
	const struct newc_entry *e = &entry->file;
	_cleanup_free_ char *target = NULL;
	struct tree_node n = {
		.path = e->name,
		.mode = e->mode,
		.flags = TREE_BORROWED,
		.segment = segment,
		.reason = "of the image",
		.rdev = e->rdev,
	};
	int r;

	if (S_ISREG(e->mode)) {
		n.bytes = entry->content->data;
		n.size = entry->content->size;
	}
	if (S_ISLNK(e->mode)) {
		target = strndup(e->data, e->size);
		if (!target)
			return -ENOMEM;
		n.target = target;
	}
	r = tree_put(t, &n);
	return r == -ENOMEM ? r : 0;
}

int contents_read(const struct archive *a, struct contents *ret)
{
	_cleanup_contents_ struct contents c = { 0 };
	bool compressed = false;
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->parts_n; i++) {
		const struct archive_part *part = &a->parts[i];

		compressed |= part->format != NULL;
		/* /init unpacks that, not the kernel. */
		if (!part->in_reserve)
			r = strv_push(&c.formats, part->format ?: "cpio");
		for (size_t end = at + part->entries; r == 0 && at < end && at < a->n; at++) {
			c.late_microcode |= compressed && startswith(a->entries[at].file.name, MICROCODE);
			r = add_entry(&a->entries[at], part->in_reserve ? SEGMENT_RESERVE : SEGMENT_MAIN, &c.tree);
		}
	}
	if (r < 0)
		return r;
	*ret = c;
	c = (struct contents){ 0 };
	return 0;
}

void contents_free(struct contents *c)
{
	tree_free(&c->tree);
	strv_free(c->formats);
	*c = (struct contents){ 0 };
}
