/* SPDX-License-Identifier: MIT */
/* newc: writing the archive format that the kernel unpacks. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "image/content.h"
#include "image/newc.h"

/* A node as it is written. */
struct record {
	const struct tree_node *node;
	uint32_t ino, links;
	bool empty; /* another name of a file whose last name has the data */
};

struct writer {
	newc_sink sink;
	void *to;
	uint64_t align, at; /* where the next byte goes */
};

static int put(struct writer *w, const void *data, uint64_t size)
{
	w->at += size;
	return w->sink(w->to, data, size);
}

static int put_padding(struct writer *w)
{
	static const char zeros[4];

	return put(w, zeros, newc_padded(w->at) - w->at);
}

static uint64_t data_size(const struct tree_node *n)
{
	if (S_ISLNK(n->mode))
		return strlen(n->target);
	return S_ISREG(n->mode) ? n->size : 0;
}

/*
 * The name's size with its NUL, or as many as it takes for the data to begin where it shall. The kernel and
 * cpio(1) take a name up to its first NUL.
 */
static uint64_t name_size(const struct writer *w, const char *name, uint64_t data)
{
	uint64_t size = strlen(name) + 1, end = w->at + NEWC_HEADER_SIZE + size;

	if (w->align <= 4 || data == 0)
		return size;
	return size + ((w->align - end % w->align) % w->align);
}

static int write_header(struct writer *w, uint32_t fields[NEWC_FIELDS], const char *name)
{
	static const char zeros[4096];
	char header[NEWC_HEADER_SIZE + 1] = NEWC_MAGIC;
	uint64_t size = name_size(w, name, fields[NEWC_SIZE]), own = strlen(name) + 1;
	int r;

	fields[NEWC_NAMESIZE] = (uint32_t)size;
	for (size_t i = 0; i < NEWC_FIELDS; i++)
		(void)snprintf(header + NEWC_MAGIC_SIZE + i * 8, 9, "%08X", fields[i]);
	r = put(w, header, NEWC_HEADER_SIZE);
	if (r == 0)
		r = put(w, name, own);
	if (r == 0)
		r = put(w, zeros, size - own);
	return r < 0 ? r : put_padding(w);
}

/* The same file may lie in several of the roots that an image has: it is written once. */
static int compare_sources(const void *a, const void *b)
{
	const struct record *m = *(struct record *const *)a, *n = *(struct record *const *)b;
	int order = (m->node->source_root > n->node->source_root) - (m->node->source_root < n->node->source_root);

	if (order == 0)
		order = strcmp(m->node->source, n->node->source);
	return order ? order : (m->node->mode > n->node->mode) - (m->node->mode < n->node->mode);
}

static int compare_sources_then_order(const void *a, const void *b)
{
	const struct record *m = *(struct record *const *)a, *n = *(struct record *const *)b;
	int order = compare_sources(a, b);

	return order ? order : (m->ino > n->ino) - (m->ino < n->ino);
}

/* The data stand with the last name, where cpio(1) has them too. */
static int find_links(struct record *records, size_t n)
{
	_cleanup_free_ struct record **files = calloc(n + 1, sizeof(struct record *));
	size_t n_files = 0;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (S_ISREG(records[i].node->mode) && records[i].node->source)
			files[n_files++] = &records[i];
	qsort(files, n_files, sizeof(struct record *), compare_sources_then_order);
	for (size_t first = 0, end; first < n_files; first = end) {
		for (end = first + 1; end < n_files && compare_sources(&files[first], &files[end]) == 0; end++)
			;
		for (size_t i = first; i < end; i++) {
			files[i]->ino = files[first]->ino;
			files[i]->links = (uint32_t)(end - first);
			files[i]->empty = i + 1 < end;
		}
	}
	return 0;
}

static int make_records(const struct tree *t, const struct newc_part *part, struct record **ret, size_t *ret_n)
{
	_cleanup_free_ const struct tree_node **nodes = NULL;
	_cleanup_free_ struct record *records = calloc(t->n + 1, sizeof(*records));
	int r = records ? tree_sorted(t, &nodes) : -ENOMEM;
	size_t n = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		if (nodes[i]->segment != part->segment)
			continue;
		records[n] = (struct record){ nodes[i], (uint32_t)n + 1, S_ISDIR(nodes[i]->mode) ? 2 : 1, false };
		n++;
	}
	if (r == 0)
		r = find_links(records, n);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(records);
	*ret_n = n;
	return 0;
}

static int write_record(struct writer *w, const struct record *record, uint32_t fields[NEWC_FIELDS],
			struct newc_failure *failure)
{
	_cleanup_content_ struct content c = { 0 };
	const struct tree_node *n = record->node;
	int r;

	if (S_ISLNK(n->mode))
		c = (struct content){ .data = n->target, .size = strlen(n->target) };
	if (S_ISREG(n->mode) && !record->empty) {
		r = content_open(n, &c);
		if (r < 0) {
			failure->node = n;
			return r;
		}
	}
	r = write_header(w, fields, n->path);
	if (r == 0 && c.size > 0)
		r = put(w, c.data, c.size);
	return r < 0 ? r : put_padding(w);
}

int newc_write(const struct tree *t, const struct newc_part *part, uint32_t mtime, newc_sink sink, void *to,
	       struct newc_failure *ret_failure)
{
	struct writer w = { .sink = sink, .to = to, .align = part->align };
	uint32_t trailer[NEWC_FIELDS] = { [NEWC_NLINK] = 1 };
	_cleanup_free_ struct record *records = NULL;
	size_t n = 0;
	int r = make_records(t, part, &records, &n);

	*ret_failure = (struct newc_failure){ 0 };
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct tree_node *node = records[i].node;
		uint64_t size = records[i].empty ? 0 : data_size(node);
		uint32_t fields[NEWC_FIELDS] = {
			[NEWC_INO] = records[i].ino,
			[NEWC_MODE] = node->mode,
			[NEWC_NLINK] = records[i].links,
			[NEWC_MTIME] = mtime,
			[NEWC_SIZE] = (uint32_t)size,
			[NEWC_RMAJOR] = major(node->rdev),
			[NEWC_RMINOR] = minor(node->rdev),
		};

		/* The format has eight hexadecimal digits for it. */
		if (size > UINT32_MAX) {
			ret_failure->node = node;
			return -EFBIG;
		}
		r = write_record(&w, &records[i], fields, ret_failure);
	}
	return r < 0 ? r : write_header(&w, trailer, NEWC_TRAILER);
}

bool newc_part_is_empty(const struct tree *t, const struct newc_part *part)
{
	TREE_FOREACH(n, t)
		if (n->segment == part->segment)
			return false;
	return true;
}
