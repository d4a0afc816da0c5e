/* SPDX-License-Identifier: MIT */
/* pack: the tree as the bytes of an image. */
#include "base/log.h"
#include "image/compress.h"
#include "image/newc.h"
#include "image/pack.h"

/*
 * In this order (init/initramfs.c takes any): the kernel looks for microcode only in an archive that is not compressed
 * and comes first; of an lz4 stream it cannot tell where it ends, so nothing may come behind the compressed one. An
 * archive that is not compressed must begin at a multiple of 4, and each is as long as one.
 */
static const struct segment {
	struct newc_part part;
	bool compressed;
} segments[] = {
	/* Intel's SDM (9.11.6) wants an update to begin at a multiple of 16; it is loaded from where it lies. */
	{ { SEGMENT_EARLY, 16 }, false },
	{ { SEGMENT_STORED, 0 }, false },
	{ { SEGMENT_MAIN, 0 }, true },
};

struct counter {
	struct compressor compressor;
	uint64_t size; /* of what went in */
};

static void counter_close(struct counter *c)
{
	compressor_close(&c->compressor);
}

static int count(void *to, const void *data, size_t size)
{
	struct counter *c = to;

	c->size += size;
	return compressor_write(&c->compressor, data, size);
}

static const struct compress_format *no_format(void)
{
	const struct compress_format *f = compress_formats;

	while (f->last > 0)
		f++;
	return f;
}

static int pack_segment(const struct build *b, const struct segment *s, struct packed *p)
{
	_cleanup_(counter_close) struct counter c = { 0 };
	struct newc_failure failure = { 0 };
	int r = compressor_open(s->compressed ? b->format : no_format(), b->level, &p->image, &c.compressor);

	if (r == 0)
		r = newc_write(&b->tree, &s->part, b->config->mtime, count, &c, &failure);
	if (r < 0 && failure.node)
		return log_errno(r, "cannot read %s for /%s", failure.node->source, failure.node->path);
	if (r == 0)
		r = compressor_finish(&c.compressor);
	if (r < 0)
		return log_errno(r, "cannot compress");
	p->unpacked += c.size;
	return 0;
}

int pack(const struct build *b, struct packed *ret)
{
	_cleanup_(packed_free) struct packed p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
		int r;

		if (newc_part_is_empty(&b->tree, &segments[i].part))
			continue;
		r = pack_segment(b, &segments[i], &p);
		if (r < 0)
			return r;
	}
	*ret = p;
	p = (struct packed){ 0 };
	return 0;
}

void packed_free(struct packed *p)
{
	buffer_free(&p->image);
}
