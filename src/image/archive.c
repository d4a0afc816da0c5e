/* SPDX-License-Identifier: MIT */
/* archive: an image's files: cpio archives, raw or compressed, with zeros between them. */
#include <errno.h>
#include <sys/stat.h>

#include "image/archive.h"
#include "image/decompress.h"
#include "image/pe.h"
#include "image/reserve.h"

struct reader {
	struct archive *archive;
	struct archive_failure *failure;
	const char *data; /* of the file, or of the reserve */
	size_t max;
	bool in_reserve;
};

/* What read_newc() says where a frame ends in the middle of an archive. */
static const char cut_off[] = "the archive is cut off before its trailer";

/* Room for one item more in an array. 0 or -ENOMEM. */
static int grow(void **items, size_t n, size_t *room, size_t size)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *grown;

	if (n < *room)
		return 0;
	grown = reallocarray(*items, wanted, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = wanted;
	return 0;
}

static int push_entry(struct archive *a, const struct newc_entry *file)
{
	if (grow((void **)&a->entries, a->n, &a->room, sizeof(*a->entries)) < 0)
		return -ENOMEM;
	a->entries[a->n++] = (struct archive_entry){ .file = *file, .segment = a->segments };
	return 0;
}

static int push_part(const struct reader *reader, const struct archive_part *part)
{
	struct archive *a = reader->archive;

	if (grow((void **)&a->parts, a->parts_n, &a->parts_room, sizeof(*a->parts)) < 0)
		return -ENOMEM;
	a->parts[a->parts_n] = *part;
	a->parts[a->parts_n++].in_reserve = reader->in_reserve;
	return 0;
}

static int push_buffer(struct archive *a, char *data)
{
	char **grown = reallocarray(a->buffers, a->buffers_n + 1, sizeof(*grown));

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
	r->failure->in_reserve = r->in_reserve;
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
	return r == 0 ? 0 : fail(reader, *at, cut_off);
}

static size_t skip_zeros(const void *data, size_t size, size_t at)
{
	while (at < size && ((const char *)data)[at] == '\0')
		at++;
	return at;
}

/* What was inside of a compressed part. */
static int read_inside(struct reader *reader, const void *data, size_t size)
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

static int read_plain(struct reader *reader, size_t end, size_t *at)
{
	struct archive *a = reader->archive;
	struct archive_part part = { .offset = *at };
	size_t before = a->n;
	int r = read_newc(reader, reader->data, end, at);

	if (r == -ENOMEM)
		return r;
	part.size = part.unpacked = *at - part.offset;
	part.entries = a->n - before;
	return r < 0 ? r : push_part(reader, &part);
}

static const char *what_is_wrong(int r)
{
	static const struct {
		int r;
		const char *text;
	} whys[] = {
		{ -ENODATA, "the compressed archive is cut off" },
		{ -EBADMSG, "the compressed archive is damaged" },
		{ -EFBIG, "the compressed archive unpacks to more than is allowed" },
		{ -ENOPKG, "the library that unpacks it is not installed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(whys); i++)
		if (whys[i].r == r)
			return whys[i].text;
	return NULL;
}

typedef int decompressor(const void *data, size_t size, size_t max, struct decompressed *ret);

/* With `unpack` one frame, or all that follow each other. The buffer, damaged or not, belongs to the archive. */
static int read_frames(struct reader *reader, decompressor unpack, size_t end, struct archive_part *part)
{
	struct archive *a = reader->archive;
	struct decompressed d = { 0 };
	size_t before = a->n;
	int r = unpack(reader->data + part->offset, end - part->offset, reader->max, &d), inside;

	if (d.data && push_buffer(a, d.data) < 0) {
		free(d.data);
		return -ENOMEM;
	}
	part->size = d.consumed;
	part->unpacked = d.size;
	reader->failure->offset = part->offset;
	reader->failure->format = part->format;
	inside = read_inside(reader, d.data, d.size);
	part->entries = a->n - before;
	if (r == 0 || inside == -ENOMEM)
		return inside;
	reader->failure->why = what_is_wrong(r);
	reader->failure->in_reserve = reader->in_reserve;
	reader->failure->offset += r == -EFBIG ? 0 : d.consumed;
	return r == -ENODATA || r == -ENOPKG ? -EBADMSG : r;
}

/*
 * The kernel wants an archive to end where its frame ends. Tools that pack with several processors may divide it
 * (pzstd does): then all frames are one.
 */
static int read_compressed(struct reader *reader, size_t end, size_t *at)
{
	struct archive *a = reader->archive;
	const char *format = decompress_format(reader->data + *at, end - *at), *next;
	struct archive_part part = { .offset = *at, .format = format };
	size_t entries = a->n, segments = a->segments;
	int r = read_frames(reader, decompress, end, &part);

	*at += part.size;
	next = decompress_format(reader->data + *at, end - *at);
	if (r == -EBADMSG && part.unpacked > 0 && next && streq(next, format)) {
		a->n = entries;
		a->segments = segments;
		r = read_frames(reader, decompress_all, end, &part);
		*at = part.offset + part.size;
	}
	if (r < 0)
		return r;
	reader->max -= part.unpacked;
	*reader->failure = (struct archive_failure){ 0 };
	return push_part(reader, &part);
}

static int read_range(struct reader *reader, size_t at, size_t end)
{
	while ((at = skip_zeros(reader->data, end, at)) < end) {
		const char *p = reader->data + at;
		int r;

		if (newc_is(p, end - at))
			r = read_plain(reader, end, &at);
		else if (decompress_format(p, end - at))
			r = read_compressed(reader, end, &at);
		else
			r = fail(reader, at, "neither a cpio archive nor a compressed one begins here");
		if (r < 0)
			return r;
	}
	return 0;
}

/* Sections behind a ".profile" belong to that profile alone. */
static const struct pe_section *find_section(const struct pe_section *sections, size_t n, const char *name)
{
	for (size_t i = 0; i < n && !streq(sections[i].name, ".profile"); i++)
		if (streq(sections[i].name, name))
			return &sections[i];
	return NULL;
}

static int read_unified(struct reader *reader, size_t size)
{
	static const char *const names[] = { ".ucode", ".initrd" };
	_cleanup_free_ struct pe_section *sections = NULL;
	size_t n = 0;
	int r = pe_sections(reader->data, size, &sections, &n);

	if (r == -EBADMSG)
		return fail(reader, 0, "a PE file with damaged headers");
	if (r == 0 && !find_section(sections, n, ".initrd"))
		return fail(reader, 0, "a PE file without a section .initrd: a kernel alone, or another program");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		const struct pe_section *s = find_section(sections, n, names[i]);

		if (s)
			r = read_range(reader, s->offset, s->offset + s->size);
	}
	return r;
}

/* The file that the kernel leaves of that name holds archives of its own. */
static int read_reserve(struct reader *outer)
{
	struct reader reader = { .archive = outer->archive, .failure = outer->failure, .max = outer->max };
	const struct archive *a = outer->archive;

	for (size_t i = a->n; i-- > 0;) {
		const struct newc_entry *e = &a->entries[i].file;

		if (!streq(e->name, RESERVE))
			continue;
		if (!S_ISREG(e->mode))
			return 0;
		reader.data = e->data;
		reader.in_reserve = true;
		return read_range(&reader, 0, e->size);
	}
	return 0;
}

int archive_read(const void *data, size_t size, size_t max, struct archive *ret,
		 struct archive_failure *ret_failure)
{
	struct reader reader = { .archive = ret, .failure = ret_failure, .data = data, .max = max };
	int r;

	*ret = (struct archive){ 0 };
	*ret_failure = (struct archive_failure){ 0 };
	r = pe_is(data, size) ? read_unified(&reader, size) : read_range(&reader, 0, size);
	if (r == 0 && ret->segments == 0)
		r = fail(&reader, 0, "there is no archive in it");
	if (r == 0)
		r = read_reserve(&reader);
	return archive_index(ret) < 0 ? -ENOMEM : r;
}

const struct archive_part *archive_part_of(const struct archive *a, const struct archive_entry *e)
{
	const struct archive_part *part = a->parts;
	size_t at = (size_t)(e - a->entries);

	for (; part < a->parts + a->parts_n && at >= part->entries; part++)
		at -= part->entries;
	return part < a->parts + a->parts_n ? part : NULL;
}

void archive_free(struct archive *a)
{
	for (size_t i = 0; i < a->buffers_n; i++)
		free(a->buffers[i]);
	free(a->buffers);
	free(a->parts);
	free(a->entries);
	free(a->index);
	*a = (struct archive){ 0 };
}
