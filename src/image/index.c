/* SPDX-License-Identifier: MIT */
/* index: kmod's binary index, written. */
#include <ctype.h>
#include <endian.h>
#include <errno.h>

#include "base/buffer.h"
#include "image/index-format.h"
#include "image/index.h"

/* The first error stays and stops the rest. */
struct output {
	struct buffer bytes;
	int error;
};

int index_add(struct index *x, const char *key, const char *value, uint32_t priority)
{
	size_t n = 0;

	while (key[n] && isascii((unsigned char)key[n]))
		n++;
	if (key[n] || n >= INDEX_KEY_MAX)
		return -EINVAL;
	if (x->n == x->room) {
		size_t room = x->room ? x->room * 2 : 1024;
		struct index_row *grown = realloc(x->rows, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		x->rows = grown;
		x->room = room;
	}
	x->rows[x->n++] = (struct index_row){ key, value, priority };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct index_row *p = a, *q = b;
	int r = strcmp(p->key, q->key);

	if (r == 0)
		r = p->priority < q->priority ? -1 : p->priority > q->priority;
	return r == 0 ? strcmp(p->value, q->value) : r;
}

static void put(struct output *o, const void *data, size_t size)
{
	if (o->error == 0)
		o->error = buffer_append(&o->bytes, data, size);
}

static void put_number(struct output *o, uint32_t n)
{
	n = htobe32(n);
	put(o, &n, sizeof(n));
}

static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

static uint32_t put_node(struct output *o, const struct index_row *rows, size_t n, size_t depth);

/* All rows behind a byte are one child; `ret` has a place for each byte from the first to the last. */
static void put_children(struct output *o, const struct index_row *rows, size_t n, size_t depth,
			 uint32_t *ret)
{
	const char first = rows[0].key[depth];

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && rows[end].key[depth] == rows[i].key[depth];)
			end++;
		ret[rows[i].key[depth] - first] = put_node(o, rows + i, end - i, depth + 1);
	}
}

static void put_values(struct output *o, const struct index_row *rows, size_t n)
{
	put_number(o, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_number(o, rows[i].priority);
		put(o, rows[i].value, strlen(rows[i].value) + 1);
	}
}

/* The rows are sorted and agree in their first `depth` bytes. What leads to the node written. */
static uint32_t put_node(struct output *o, const struct index_row *rows, size_t n, size_t depth)
{
	/* The root has no prefix: as depmod writes it. */
	size_t prefix = depth > 0 ? common(rows[0].key + depth, rows[n - 1].key + depth) : 0;
	size_t end = depth + prefix, own = 0;
	uint32_t children[128] = { 0 }, offset;
	char edge[2];

	while (own < n && !rows[own].key[end])
		own++;
	if (own < n)
		put_children(o, rows + own, n - own, end, children);
	offset = (uint32_t)MIN(o->bytes.size, (size_t)INDEX_OFFSET);
	if (o->bytes.size > INDEX_OFFSET)
		o->error = o->error ?: -EFBIG;
	if (prefix > 0) {
		put(o, rows[0].key + depth, prefix);
		put(o, "", 1);
		offset |= INDEX_HAS_PREFIX;
	}
	if (own < n) {
		edge[0] = rows[own].key[end];
		edge[1] = rows[n - 1].key[end];
		put(o, edge, 2);
		for (int c = 0; c <= edge[1] - edge[0]; c++)
			put_number(o, children[c]);
		offset |= INDEX_HAS_CHILDS;
	}
	if (own > 0) {
		put_values(o, rows, own);
		offset |= INDEX_HAS_VALUES;
	}
	return offset;
}

int index_write(struct index *x, char **ret, size_t *ret_size)
{
	struct output o = { 0 };
	uint32_t root;

	if (x->n > 0)
		qsort(x->rows, x->n, sizeof(*x->rows), compare);
	put_number(&o, INDEX_MAGIC);
	put_number(&o, INDEX_VERSION);
	put_number(&o, 0);
	/* libkmod takes no offset of 0 for a root: an empty index is a node without anything in it. */
	root = x->n > 0 ? put_node(&o, x->rows, x->n, 0) : (uint32_t)o.bytes.size;
	if (o.error < 0) {
		buffer_free(&o.bytes);
		return o.error;
	}
	root = htobe32(root);
	memcpy(o.bytes.data + 8, &root, sizeof(root));
	*ret = o.bytes.data;
	*ret_size = o.bytes.size;
	return 0;
}

void index_free(struct index *x)
{
	free(x->rows);
	*x = (struct index){ 0 };
}
