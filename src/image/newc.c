/* SPDX-License-Identifier: MIT */
/* newc: the archive format that the kernel unpacks. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "image/content.h"
#include "image/newc.h"

#define MAGIC       "070701"
#define MAGIC_CRC   "070702" /* the same with a checksum; the kernel takes both */
#define MAGIC_SIZE  6
#define FIELDS      13
#define HEADER_SIZE (MAGIC_SIZE + FIELDS * 8)
#define TRAILER     "TRAILER!!!"

/* In the order of the header; the last of the thirteen is the checksum, 0 in this format. */
enum field { INO, MODE, UID, GID, NLINK, MTIME, SIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAMESIZE };

struct writer {
	newc_sink sink;
	void *to;
	uint64_t align, at; /* where the next byte goes */
};

static uint64_t padded(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

static int put(struct writer *w, const void *data, uint64_t size)
{
	w->at += size;
	return w->sink(w->to, data, size);
}

static int put_padding(struct writer *w)
{
	static const char zeros[4];

	return put(w, zeros, padded(w->at) - w->at);
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
	uint64_t size = strlen(name) + 1, end = w->at + HEADER_SIZE + size;

	if (w->align <= 4 || data == 0)
		return size;
	return size + ((w->align - end % w->align) % w->align);
}

static int write_header(struct writer *w, uint32_t fields[FIELDS], const char *name)
{
	static const char zeros[4096];
	char header[HEADER_SIZE + 1] = MAGIC;
	uint64_t size = name_size(w, name, fields[SIZE]), own = strlen(name) + 1;
	int r;

	fields[NAMESIZE] = (uint32_t)size;
	for (size_t i = 0; i < FIELDS; i++)
		(void)snprintf(header + MAGIC_SIZE + i * 8, 9, "%08X", fields[i]);
	r = put(w, header, HEADER_SIZE);
	if (r == 0)
		r = put(w, name, own);
	if (r == 0)
		r = put(w, zeros, size - own);
	return r < 0 ? r : put_padding(w);
}

static int write_node(struct writer *w, const struct tree_node *n, uint32_t fields[FIELDS],
		      struct newc_failure *failure)
{
	_cleanup_content_ struct content c = { 0 };
	int r;

	if (S_ISLNK(n->mode))
		c = (struct content){ .data = n->target, .size = strlen(n->target) };
	if (S_ISREG(n->mode)) {
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
	_cleanup_free_ const struct tree_node **nodes = NULL;
	uint32_t trailer[FIELDS] = { [NLINK] = 1 }, ino = 0;
	int r = tree_sorted(t, &nodes);

	*ret_failure = (struct newc_failure){ 0 };
	for (size_t i = 0; r == 0 && i < t->n; i++) {
		const struct tree_node *n = nodes[i];
		uint32_t fields[FIELDS] = {
			[INO] = ino + 1,
			[MODE] = n->mode,
			[NLINK] = S_ISDIR(n->mode) ? 2 : 1,
			[MTIME] = mtime,
			[SIZE] = (uint32_t)data_size(n),
			[RMAJOR] = major(n->rdev),
			[RMINOR] = minor(n->rdev),
		};

		if (n->segment != part->segment)
			continue;
		ino++;
		/* The format has eight hexadecimal digits for it. */
		if (data_size(n) > UINT32_MAX) {
			ret_failure->node = n;
			return -EFBIG;
		}
		r = write_node(&w, n, fields, ret_failure);
	}
	return r < 0 ? r : write_header(&w, trailer, TRAILER);
}

bool newc_part_is_empty(const struct tree *t, const struct newc_part *part)
{
	TREE_FOREACH(n, t)
		if (n->segment == part->segment)
			return false;
	return true;
}

bool newc_is(const void *data, size_t size)
{
	return size >= MAGIC_SIZE &&
	       (memcmp(data, MAGIC, MAGIC_SIZE) == 0 || memcmp(data, MAGIC_CRC, MAGIC_SIZE) == 0);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* lower case */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_fields(const char *p, uint32_t fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = 0;
		for (size_t k = 0; k < 8; k++, p++) {
			if (digit_value(*p) < 0)
				return false;
			fields[i] = fields[i] << 4 | (uint32_t)digit_value(*p);
		}
	}
	return true;
}

static const char *plain_name(const char *name)
{
	for (;;) {
		if (name[0] == '.' && name[1] == '/')
			name += 2;
		else if (*name == '/')
			name++;
		else
			return name;
	}
}

int newc_read(const void *data, size_t size, size_t *at, struct newc_entry *ret,
	      const char **ret_why)
{
	const char *p = (const char *)data + *at;
	uint64_t left = size - *at, content, end;
	uint32_t fields[FIELDS];

	*ret_why = "no cpio record";
	if (left < HEADER_SIZE)
		*ret_why = "the archive is cut off in a record's header";
	if (left < HEADER_SIZE || !newc_is(p, left) || !parse_fields(p + MAGIC_SIZE, fields))
		return -EBADMSG;
	content = padded(HEADER_SIZE + (uint64_t)fields[NAMESIZE]);
	end = content + fields[SIZE];
	*ret_why = "the archive is cut off in a file's name";
	if (content > left)
		return -EBADMSG;
	*ret_why = "a record's name does not end";
	/* Of a name without any byte this is the header's last digit. */
	if (p[HEADER_SIZE + fields[NAMESIZE] - 1] != '\0')
		return -EBADMSG;
	*ret_why = "the archive is cut off in a file's data";
	if (end > left)
		return -EBADMSG;

	*at += MIN(padded(end), left);
	if (streq(p + HEADER_SIZE, TRAILER))
		return 0;
	*ret = (struct newc_entry){
		.name = plain_name(p + HEADER_SIZE),
		.mode = (mode_t)fields[MODE],
		.uid = fields[UID],
		.gid = fields[GID],
		.mtime = fields[MTIME],
		.ino = fields[INO],
		.nlink = fields[NLINK],
		.dev = makedev(fields[MAJOR], fields[MINOR]),
		.rdev = makedev(fields[RMAJOR], fields[RMINOR]),
		.data = p + content,
		.size = fields[SIZE],
	};
	return 1;
}
