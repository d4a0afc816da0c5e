/* SPDX-License-Identifier: MIT */
/* archive-index: an image's files by name, and which data hard links share. */
#include <errno.h>
#include <sys/stat.h>

#include "image/archive.h"
#include "image/walk.h"

static int compare_names(const void *a, const void *b)
{
	const struct archive_entry *const *m_at = a, *const *n_at = b, *m = *m_at, *n = *n_at;
	int order = strcmp(m->file.name, n->file.name);

	return order ? order : (m > n) - (m < n);
}

/* Hard links of one file: equal; all others are only links of themselves. */
static int compare_links(const struct archive_entry *m, const struct archive_entry *n)
{
	if (m->segment != n->segment)
		return m->segment > n->segment ? 1 : -1;
	if (m->file.dev != n->file.dev)
		return m->file.dev > n->file.dev ? 1 : -1;
	return (m->file.ino > n->file.ino) - (m->file.ino < n->file.ino);
}

static int compare_links_then_order(const void *a, const void *b)
{
	const struct archive_entry *const *m_at = a, *const *n_at = b, *m = *m_at, *n = *n_at;
	int order = compare_links(m, n);

	return order ? order : (m > n) - (m < n);
}

/* The last one that carries data has written them. */
static void link_contents(struct archive_entry **links, size_t n)
{
	for (size_t first = 0, end; first < n; first = end) {
		const struct newc_entry *content = NULL;

		for (end = first; end < n && compare_links(links[first], links[end]) == 0; end++)
			if (links[end]->file.size > 0)
				content = &links[end]->file;
		for (size_t i = first; content && i < end; i++)
			links[i]->content = content;
	}
}

int archive_index(struct archive *a)
{
	_cleanup_free_ struct archive_entry **links = calloc(a->n + 1, sizeof(*links));
	size_t n = 0;

	a->index = calloc(a->n + 1, sizeof(*a->index));
	if (!links || !a->index)
		return -ENOMEM;
	for (size_t i = 0; i < a->n; i++) {
		struct archive_entry *e = &a->entries[i];

		a->index[i] = e;
		e->content = &e->file;
		if (S_ISREG(e->file.mode) && e->file.nlink > 1)
			links[n++] = e;
	}
	qsort(a->index, a->n, sizeof(*a->index), compare_names);
	qsort(links, n, sizeof(*links), compare_links_then_order);
	link_contents(links, n);
	return 0;
}

const struct archive_entry *archive_last(const struct archive *a, const char *name)
{
	size_t low = 0, high = a->n;

	/* The first that is behind all of that name. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(a->index[middle]->file.name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && streq(a->index[low - 1]->file.name, name) ? a->index[low - 1] : NULL;
}

static int look(void *data, const char *path, char **ret_target)
{
	const struct archive_entry *e = archive_last(data, path);

	/* Parents may be left out of an archive. */
	if (!e || !S_ISLNK(e->file.mode))
		return 0;
	*ret_target = strndup(e->file.data, e->file.size);
	return *ret_target ? 1 : -ENOMEM;
}

int archive_resolve(const struct archive *a, const char *path, char **ret)
{
	return walk(path, look, (void *)a, ret);
}

int archive_find(const struct archive *a, const char *path, const struct newc_entry **ret)
{
	_cleanup_free_ char *canonical = NULL;
	const struct archive_entry *e;
	int r = archive_resolve(a, path, &canonical);

	if (r < 0)
		return r;
	e = archive_last(a, canonical);
	if (!e)
		return -ENOENT;
	*ret = e->content;
	return 0;
}
