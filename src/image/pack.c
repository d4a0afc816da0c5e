/* SPDX-License-Identifier: MIT */
/* pack: the tree as the bytes of an image. */
#include "base/log.h"
#include "image/compress.h"
#include "image/newc.h"
#include "image/pack.h"
#include "image/reserve.h"

/*
 * In this order (init/initramfs.c takes any): the kernel looks for microcode only in an archive that is not compressed
 * and comes first; of an lz4 stream it cannot tell where it ends, so nothing may come behind the compressed one. An
 * archive that is not compressed must begin at a multiple of 4, and each is as long as one. The reserve is a file of
 * the last one: packed before it.
 */
static const struct newc_part reserve_part = { SEGMENT_RESERVE, 0 };
static const struct segment {
	struct newc_part part;
	bool compressed;
} segments[] = {
	/* Intel's SDM (9.11.6) wants an update to begin at a multiple of 16; it is loaded from where it lies. */
	{ { SEGMENT_EARLY, 16 }, false },
	{ { SEGMENT_MAIN, 0 }, true },
};

#define PIECE ((size_t)64 << 10)

struct counter {
	struct compressor compressor;
	uint64_t size; /* of what went in */
	struct progress *progress;
};

static void counter_close(struct counter *c)
{
	compressor_close(&c->compressor);
}

/* A large file in pieces, so that one sees it go on. */
static int count(void *to, const void *data, size_t size)
{
	struct counter *c = to;
	const char *p = data;
	int r = 0;

	c->size += size;
	for (size_t n; r == 0 && size > 0; p += n, size -= n) {
		n = MIN(size, PIECE);
		r = compressor_write(&c->compressor, p, n);
		progress_bytes(c->progress, "pack", n);
	}
	return r;
}

struct packing {
	const struct newc_part *part;
	const struct compress_format *format;
	unsigned int level;
};

/* Appends the archive to `out`, and to `*unpacked` how large it is. */
static int pack_part(const struct build *b, const struct packing *packing, struct buffer *out, uint64_t *unpacked)
{
	_cleanup_(counter_close) struct counter c = { .progress = b->progress };
	struct newc_failure failure = { 0 };
	int r = compressor_open(packing->format, packing->level, out, &c.compressor);

	if (r == 0)
		r = newc_write(&b->tree, packing->part, b->config->mtime, count, &c, &failure);
	if (r < 0 && failure.node)
		return log_errno(r, "cannot read %s for /%s", failure.node->source, failure.node->path);
	if (r == 0)
		r = compressor_finish(&c.compressor);
	if (r < 0)
		return log_errno(r, "cannot compress");
	*unpacked += c.size;
	return 0;
}

/* Into its place in the tree, which holds it from then on. */
static int pack_reserve(const struct build *b, struct packed *p)
{
	const struct packing packing = { &reserve_part, compress_find("zstd"), b->reserve_level };
	struct tree_node *place = tree_find(&b->tree, RESERVE);
	int r;

	if (newc_part_is_empty(&b->tree, &reserve_part))
		return 0;
	r = pack_part(b, &packing, &p->reserve, &p->unpacked);
	place->bytes = p->reserve.data;
	place->size = p->reserve.size;
	return r;
}

static int pack_segment(const struct build *b, const struct segment *s, struct packed *p)
{
	const struct packing packing = { &s->part, s->compressed ? b->format : compress_find("none"), b->level };

	return newc_part_is_empty(&b->tree, &s->part) ? 0 : pack_part(b, &packing, &p->image, &p->unpacked);
}

static uint64_t content_bytes(const struct tree *t)
{
	uint64_t size = 0;

	TREE_FOREACH(n, t)
		size += S_ISREG(n->mode) ? n->size : 0;
	return size;
}

int pack(const struct build *b, struct packed *ret)
{
	_cleanup_(packed_free) struct packed p = { 0 };
	int r;

	progress_step(b->progress, "pack", content_bytes(&b->tree));
	r = pack_reserve(b, &p);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(segments); i++)
		r = pack_segment(b, &segments[i], &p);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct packed){ 0 };
	return 0;
}

void packed_free(struct packed *p)
{
	buffer_free(&p->image);
	buffer_free(&p->reserve);
}
