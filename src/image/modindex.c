/* SPDX-License-Identifier: MIT */
/* modindex: depmod's binary indexes, modules.*.bin, read from memory. */
#include <errno.h>
#include <fnmatch.h>

#include "image/index-format.h"
#include "image/modindex.h"

enum search { SEARCH_ALL, SEARCH_KEY, SEARCH_PATTERN };

struct walk {
	const struct modindex *index;
	enum search search;
	const char *name;
	modindex_fn fn;
	void *data;
	size_t visits; /* a trie has no more nodes than bytes; one that loops does */
	size_t length;
	char key[INDEX_KEY_MAX + 1];
};

static int read_number(const struct modindex *i, size_t *at, unsigned int width, uint32_t *ret)
{
	uint32_t value = 0;

	if (*at > i->size || i->size - *at < width)
		return -EBADMSG;
	for (unsigned int k = 0; k < width; k++)
		value = value << 8 | i->data[(*at)++];
	*ret = value;
	return 0;
}

static int read_string(const struct modindex *i, size_t *at, const char **ret)
{
	const uint8_t *end = *at < i->size ? memchr(i->data + *at, '\0', i->size - *at) : NULL;

	if (!end)
		return -EBADMSG;
	*ret = (const char *)i->data + *at;
	*at = (size_t)(end - i->data) + 1;
	return 0;
}

int modindex_open(const void *data, size_t size, struct modindex *ret)
{
	struct modindex i = { .data = data, .size = size };
	uint32_t magic, version;
	size_t at = 0;

	if (read_number(&i, &at, 4, &magic) < 0 || read_number(&i, &at, 4, &version) < 0 ||
	    read_number(&i, &at, 4, &i.root) < 0 || magic != INDEX_MAGIC || version >> 16 != INDEX_VERSION >> 16)
		return -EBADMSG;
	*ret = i;
	return 0;
}

/* May keys that begin with what there is of this one still fit? After a wildcard all may. */
static bool may_fit(const struct walk *w)
{
	size_t plain;

	if (w->search == SEARCH_ALL)
		return true;
	plain = w->search == SEARCH_PATTERN ? strcspn(w->key, "*?[") : w->length;
	return strncmp(w->key, w->name, plain) == 0;
}

static bool fits(const struct walk *w)
{
	switch (w->search) {
	case SEARCH_KEY:
		return streq(w->key, w->name);
	case SEARCH_PATTERN:
		return fnmatch(w->key, w->name, 0) == 0;
	default:
		return true;
	}
}

static int push(struct walk *w, const char *s, size_t n)
{
	if (n > INDEX_KEY_MAX - w->length)
		return -EBADMSG;
	memcpy(w->key + w->length, s, n);
	w->length += n;
	w->key[w->length] = '\0';
	return 0;
}

static int visit_values(struct walk *w, size_t at)
{
	uint32_t n, priority;
	const char *value;
	int r = read_number(w->index, &at, 4, &n);

	if (r < 0 || !fits(w))
		return r;
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		if (read_number(w->index, &at, 4, &priority) < 0 || read_string(w->index, &at, &value) < 0)
			return -EBADMSG;
		r = w->fn(w->key, value, w->data);
	}
	return r;
}

static int visit(struct walk *w, uint32_t node);

static int visit_children(struct walk *w, size_t *at)
{
	uint32_t first, last;
	size_t length = w->length;
	int r = 0;

	if (read_number(w->index, at, 1, &first) < 0 || read_number(w->index, at, 1, &last) < 0)
		return -EBADMSG;
	for (uint32_t c = first; r == 0 && c <= last; c++) {
		uint32_t child;

		if (read_number(w->index, at, 4, &child) < 0)
			return -EBADMSG;
		if (!(child & INDEX_OFFSET))
			continue;
		r = push(w, &(char){ (char)c }, 1);
		if (r == 0 && may_fit(w))
			r = visit(w, child);
		w->length = length;
		w->key[length] = '\0';
	}
	return r;
}

/* Each child makes the key longer by a byte, so INDEX_KEY_MAX is how deep this goes. */
static int visit(struct walk *w, uint32_t node)
{
	size_t at = node & INDEX_OFFSET;
	const char *prefix;
	int r = 0;

	if (w->visits++ > w->index->size)
		return -EBADMSG;
	if (node & INDEX_HAS_PREFIX) {
		if (read_string(w->index, &at, &prefix) < 0 || push(w, prefix, strlen(prefix)) < 0)
			return -EBADMSG;
		if (!may_fit(w))
			return 0;
	}
	if (node & INDEX_HAS_CHILDS)
		r = visit_children(w, &at);
	return r == 0 && node & INDEX_HAS_VALUES ? visit_values(w, at) : r;
}

static int search(const struct modindex *i, enum search how, const char *name, modindex_fn fn, void *data)
{
	_cleanup_free_ struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->index = i;
	w->search = how;
	w->name = name;
	w->fn = fn;
	w->data = data;
	return visit(w, i->root);
}

int modindex_each(const struct modindex *i, modindex_fn fn, void *data)
{
	return search(i, SEARCH_ALL, NULL, fn, data);
}

int modindex_find(const struct modindex *i, const char *key, modindex_fn fn, void *data)
{
	return search(i, SEARCH_KEY, key, fn, data);
}

int modindex_match(const struct modindex *i, const char *name, modindex_fn fn, void *data)
{
	return search(i, SEARCH_PATTERN, name, fn, data);
}
