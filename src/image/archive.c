/* SPDX-License-Identifier: MIT */
/* archive: an image's files: cpio archives, raw or compressed, with zeros between them. */
#include <errno.h>
#include <sys/stat.h>

#include "image/archive.h"
#include "image/decompress.h"
#include "image/walk.h"

struct reader {
	struct archive *archive;
	struct archive_failure *failure;
	size_t max;
};

static int push_entry(struct archive *a, const struct newc_entry *file)
{
	if (a->n == a->room) {
		size_t room = a->room ? a->room * 2 : 256;
		struct archive_entry *grown = realloc(a->entries, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		a->entries = grown;
		a->room = room;
	}
	a->entries[a->n++] = (struct archive_entry){ .file = *file, .segment = a->segments };
	return 0;
}

static int push_buffer(struct archive *a, char *data)
{
	char **grown = realloc(a->buffers, (a->buffers_n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	a->buffers = grown;
	grown[a->buffers_n++] = data;
	return 0;
}

static int fail(struct reader *r, size_t offset, const char *why)
{
	/* Inside of a compressed archive the place in the file is where that one begins. */
	if (!r->failure->format)
		r->failure->offset = offset;
	r->failure->why = why;
	return -EBADMSG;
}

/* One archive up to its trailer, without which it is cut off, even if at a record's end. */
static int read_newc(struct reader *reader, const void *data, size_t size, size_t *at)
{
	struct archive *a = reader->archive;
	int r = 1;

	a->segments++;
	while (r == 1 && *at < size) {
		struct newc_entry e;
		const char *why;
		size_t start = *at;

		r = newc_read(data, size, at, &e, &why);
		if (r < 0)
			return fail(reader, start, why);
		if (r == 1 && push_entry(a, &e) < 0)
			return -ENOMEM;
	}
	return r == 0 ? 0 : fail(reader, *at, "the archive is cut off before its trailer");
}

static size_t skip_zeros(const void *data, size_t size, size_t at)
{
	while (at < size && ((const char *)data)[at] == '\0')
		at++;
	return at;
}

static int read_plain(struct reader *reader, const void *data, size_t size)
{
	for (size_t at = 0; (at = skip_zeros(data, size, at)) < size;) {
		int r;

		if (!newc_is((const char *)data + at, size - at))
			return fail(reader, at, "no cpio archive begins here");
		r = read_newc(reader, data, size, &at);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_compressed(struct reader *reader, const void *data, size_t size, size_t *at)
{
	struct archive *a = reader->archive;
	const char *p = (const char *)data + *at, *format = decompress_format(p, size - *at);
	struct decompressed d = { 0 };
	int r = decompress(p, size - *at, reader->max, &d);

	if (r == -EBADMSG || r == -ENODATA) {
		reader->failure->format = NULL;
		(void)fail(reader, *at + d.consumed,
			   r == -ENODATA ? "the compressed archive is cut off"
					 : "the compressed archive is damaged");
		reader->failure->format = format;
		return -EBADMSG;
	}
	if (r == -EFBIG)
		(void)fail(reader, *at, "the compressed archive unpacks to more than is allowed");
	if (r < 0)
		return r;
	if (push_buffer(a, d.data) < 0) {
		free(d.data);
		return -ENOMEM;
	}
	reader->max -= d.size;
	reader->failure->offset = *at;
	reader->failure->format = format;
	r = read_plain(reader, d.data, d.size);
	if (r < 0)
		return r;
	reader->failure->format = NULL;
	*at += d.consumed;
	return 0;
}

int archive_read(const void *data, size_t size, size_t max, struct archive *ret,
		 struct archive_failure *ret_failure)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct reader reader = { .archive = &a, .failure = ret_failure, .max = max };

	*ret_failure = (struct archive_failure){ 0 };
	for (size_t at = 0; (at = skip_zeros(data, size, at)) < size;) {
		const char *p = (const char *)data + at;
		int r;

		if (newc_is(p, size - at))
			r = read_newc(&reader, data, size, &at);
		else if (decompress_format(p, size - at))
			r = read_compressed(&reader, data, size, &at);
		else
			r = fail(&reader, at,
				 "neither a cpio archive nor a compressed one begins here");
		if (r < 0)
			return r;
	}
	if (a.segments == 0)
		return fail(&reader, 0, "there is no archive in it");
	*ret = a;
	a = (struct archive){ 0 };
	return 0;
}

void archive_free(struct archive *a)
{
	for (size_t i = 0; i < a->buffers_n; i++)
		free(a->buffers[i]);
	free(a->buffers);
	free(a->entries);
	*a = (struct archive){ 0 };
}

/* The last of that name: it replaced the others. */
static const struct archive_entry *last_named(const struct archive *a, const char *path)
{
	for (size_t i = a->n; i-- > 0;)
		if (streq(a->entries[i].file.name, path))
			return &a->entries[i];
	return NULL;
}

static int look(void *data, const char *path, char **ret_target)
{
	const struct archive_entry *e = last_named(data, path);

	/* Parents may be left out of an archive. */
	if (!e || !S_ISLNK(e->file.mode))
		return 0;
	*ret_target = strndup(e->file.data, e->file.size);
	return *ret_target ? 1 : -ENOMEM;
}

/* Of several hard links only one, usually the last, carries the data. */
static const struct archive_entry *with_data(const struct archive *a,
					     const struct archive_entry *e)
{
	if (e->file.size > 0 || e->file.nlink < 2 || !S_ISREG(e->file.mode))
		return e;
	for (size_t i = 0; i < a->n; i++) {
		const struct archive_entry *other = &a->entries[i];

		if (other->segment == e->segment && other->file.ino == e->file.ino &&
		    other->file.dev == e->file.dev && other->file.size > 0)
			return other;
	}
	return e;
}

int archive_find(const struct archive *a, const char *path, const struct newc_entry **ret)
{
	_cleanup_free_ char *canonical = NULL;
	const struct archive_entry *e;
	int r = walk(path, look, (void *)a, &canonical);

	if (r < 0)
		return r;
	e = last_named(a, canonical);
	if (!e)
		return -ENOENT;
	*ret = &with_data(a, e)->file;
	return 0;
}
