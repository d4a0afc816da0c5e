/* SPDX-License-Identifier: MIT */
/* libarchive: unpacking a tar archive. */
#include "init/libarchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/optional.h"
#include "init/seal.h"

#define LIBRARY "libarchive.so.13"
#define BLOCK   65536

/* On Debian 12 it brings libxml2 and with that libicu, 40 MB: an image has it only where that was asked for. */
OPTIONAL_LIBRARY("archive", "A root that is unpacked from archives", "suggested", LIBRARY);

struct libarchive {
	void *library;
	__typeof__(&archive_read_new) read_new;
	__typeof__(&archive_read_free) read_free;
	__typeof__(&archive_read_support_format_raw) format_raw;
	__typeof__(&archive_read_support_format_tar) format_tar;
	__typeof__(&archive_read_support_filter_all) filter_all;
	__typeof__(&archive_read_open_fd) open_fd;
	__typeof__(&archive_read_open) open;
	__typeof__(&archive_read_next_header) next_header;
	__typeof__(&archive_read_data_block) data_block;
	__typeof__(&archive_filter_code) filter_code;
	__typeof__(&archive_error_string) error_string;
	__typeof__(&archive_errno) error_number;
	__typeof__(&archive_set_error) set_error;
	__typeof__(&archive_entry_pathname) pathname;
	__typeof__(&archive_write_disk_new) disk_new;
	__typeof__(&archive_write_disk_set_options) disk_options;
	__typeof__(&archive_write_header) write_header;
	__typeof__(&archive_write_data_block) write_block;
	__typeof__(&archive_write_finish_entry) finish_entry;
	__typeof__(&archive_write_close) write_close;
	__typeof__(&archive_write_free) write_free;
};

static const struct optional_symbol symbols[] = {
	{ "archive_read_new",                offsetof(struct libarchive, read_new)     },
	{ "archive_read_free",               offsetof(struct libarchive, read_free)    },
	{ "archive_read_support_format_raw", offsetof(struct libarchive, format_raw)   },
	{ "archive_read_support_format_tar", offsetof(struct libarchive, format_tar)   },
	{ "archive_read_support_filter_all", offsetof(struct libarchive, filter_all)   },
	{ "archive_read_open_fd",            offsetof(struct libarchive, open_fd)      },
	{ "archive_read_open",               offsetof(struct libarchive, open)         },
	{ "archive_read_next_header",        offsetof(struct libarchive, next_header)  },
	{ "archive_read_data_block",         offsetof(struct libarchive, data_block)   },
	{ "archive_filter_code",             offsetof(struct libarchive, filter_code)  },
	{ "archive_error_string",            offsetof(struct libarchive, error_string) },
	{ "archive_errno",                   offsetof(struct libarchive, error_number) },
	{ "archive_set_error",               offsetof(struct libarchive, set_error)    },
	{ "archive_entry_pathname",          offsetof(struct libarchive, pathname)     },
	{ "archive_write_disk_new",          offsetof(struct libarchive, disk_new)     },
	{ "archive_write_disk_set_options",  offsetof(struct libarchive, disk_options) },
	{ "archive_write_header",            offsetof(struct libarchive, write_header) },
	{ "archive_write_data_block",        offsetof(struct libarchive, write_block)  },
	{ "archive_write_finish_entry",      offsetof(struct libarchive, finish_entry) },
	{ "archive_write_close",             offsetof(struct libarchive, write_close)  },
	{ "archive_write_free",              offsetof(struct libarchive, write_free)   },
};

/*
 * Two readers: the outer one unpacks the bytes, the inner one finds the files in them. So all bytes are seen, also
 * those behind the last file, where checksums stand.
 */
struct reading {
	const struct libarchive *l;
	struct archive *outer, *inner, *disk;
	struct seal seal;
	struct unpacked *told;
};

void libarchive_close(struct libarchive *l)
{
	if (l && l->library)
		(void)dlclose(l->library);
	free(l);
}

static void close_pointer(struct libarchive **l)
{
	libarchive_close(*l);
}

int libarchive_open(struct libarchive **ret)
{
	_cleanup_(close_pointer) struct libarchive *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	r = optional_open(LIBRARY, symbols, ARRAY_SIZE(symbols), l, &l->library);
	if (r == 0)
		*ret = TAKE_PTR(l);
	return r;
}

static void reading_end(struct reading *r)
{
	if (r->inner)
		(void)r->l->read_free(r->inner);
	if (r->outer)
		(void)r->l->read_free(r->outer);
	if (r->disk)
		(void)r->l->write_free(r->disk);
}

static void say(struct unpacked *told, const char *what, const char *name, const char *why)
{
	if (!told->why[0])
		(void)snprintf(told->why, sizeof(told->why), "%s%s%s%s", what, name ? name : "",
			       *what ? ": " : "", why);
}

/* Of a reader: libarchive's numbers for damage are none of errno's. */
static int damaged(const struct reading *r, struct archive *a)
{
	const char *why = r->l->error_string(a);

	say(r->told, "", NULL, why ? why : "it cannot be read");
	return r->l->error_number(a) == ENOMEM ? -ENOMEM : -EBADMSG;
}

/* 1: more came; 0: the end; -1 as `outer` says. */
static int next_bytes(struct reading *r, const void **ret, size_t *ret_size)
{
	la_int64_t at;
	int status = r->l->data_block(r->outer, ret, ret_size, &at);

	if (status == ARCHIVE_EOF)
		return 0;
	if (status < ARCHIVE_WARN)
		return -1;
	seal_add(&r->seal, *ret, *ret_size);
	return 1;
}

static la_ssize_t feed(struct archive *inner, void *data, const void **ret)
{
	struct reading *r = data;
	size_t size = 0;
	int more;

	do
		more = next_bytes(r, ret, &size);
	while (more > 0 && size == 0);
	if (more >= 0)
		return more == 0 ? 0 : (la_ssize_t)size;
	r->l->set_error(inner, r->l->error_number(r->outer), "%s", r->l->error_string(r->outer));
	return -1;
}

static int begin(struct reading *r, int file)
{
	const struct libarchive *l = r->l;
	struct archive_entry *stream;

	seal_begin(&r->seal);
	r->outer = l->read_new();
	r->inner = l->read_new();
	r->disk = l->disk_new();
	if (!r->outer || !r->inner || !r->disk)
		return -ENOMEM;
	/* Names of owners would be looked up by libraries of the new root. */
	(void)l->disk_options(r->disk, ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |
					       ARCHIVE_EXTRACT_ACL | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_FFLAGS);
	(void)l->filter_all(r->outer);
	(void)l->format_raw(r->outer);
	(void)l->format_tar(r->inner);
	if (l->open_fd(r->outer, file, BLOCK) != ARCHIVE_OK || l->next_header(r->outer, &stream) < ARCHIVE_WARN)
		return damaged(r, r->outer);
	return l->open(r->inner, r, NULL, feed, NULL) == ARCHIVE_OK ? 0 : damaged(r, r->inner);
}

/* Of what is made on disk. 0 for what is but a warning. */
static int judge(struct reading *r, const char *name, int status)
{
	const char *why = r->l->error_string(r->disk);
	int error = r->l->error_number(r->disk);

	if (status == ARCHIVE_OK)
		return 0;
	if (status == ARCHIVE_WARN) {
		say(r->told, "cannot set all of ", name, why ? why : "?");
		r->told->warned++;
		return 0;
	}
	r->told->why[0] = '\0';
	say(r->told, "cannot make ", name, error > 0 ? strerror(error) : why ? why : "?");
	return error > 0 ? -error : -EIO;
}

static int copy_data(struct reading *r, const char *name)
{
	for (;;) {
		const void *data;
		size_t size;
		la_int64_t at;
		int status = r->l->data_block(r->inner, &data, &size, &at);

		if (status == ARCHIVE_EOF)
			return 0;
		if (status < ARCHIVE_WARN) {
			r->told->why[0] = '\0';
			return damaged(r, r->inner);
		}
		/* A disk that is full is but a warning to it (archive_write_disk_posix.c: write_data_block()). */
		if (r->l->write_block(r->disk, data, size, at) < ARCHIVE_OK)
			return judge(r, name, ARCHIVE_FAILED);
	}
}

static int make_entry(struct reading *r, struct archive_entry *entry)
{
	const char *name = r->l->pathname(entry);
	int error = judge(r, name, r->l->write_header(r->disk, entry));

	if (error == 0)
		error = copy_data(r, name);
	r->told->files++;
	return error < 0 ? error : judge(r, name, r->l->finish_entry(r->disk));
}

/* Up to the last file; a name beyond ASCII is taken as it is, whatever the warning is about. */
static int make_all(struct reading *r)
{
	for (;;) {
		struct archive_entry *entry;
		int status = r->l->next_header(r->inner, &entry), error;

		if (status == ARCHIVE_EOF)
			return 0;
		if (status < ARCHIVE_WARN) {
			r->told->why[0] = '\0';
			return damaged(r, r->inner);
		}
		error = make_entry(r, entry);
		if (error < 0)
			return error;
	}
}

/* What follows the last file must come, too. */
static int finish(struct reading *r, int file)
{
	unsigned char trailer[SEAL_TRAILER_SIZE];
	const char *why = NULL;
	struct stat st;
	const void *data;
	size_t size;
	int more;

	while ((more = next_bytes(r, &data, &size)) > 0)
		;
	if (more == 0 && !seal_is_ended(&r->seal))
		why = "it is cut off: the end that every tar has is not there";
	if (more == 0 && !why && r->l->filter_code(r->outer, 0) == ARCHIVE_FILTER_GZIP) {
		if (fstat(file, &st) < 0)
			return -errno;
		if (pread(file, trailer, sizeof(trailer), st.st_size - (off_t)sizeof(trailer)) != sizeof(trailer) ||
		    !seal_fits_gzip(&r->seal, trailer))
			why = "gzip's checksum does not fit it (a file in several parts has none for the whole)";
	}
	if (more == 0 && !why)
		return judge(r, "directories", r->l->write_close(r->disk));
	r->told->why[0] = '\0';
	if (more < 0)
		return damaged(r, r->outer);
	say(r->told, "", NULL, why);
	return -EBADMSG;
}

int libarchive_unpack(const struct libarchive *l, int file, struct unpacked *ret)
{
	_cleanup_(reading_end) struct reading r = { .l = l, .told = ret };
	int error;

	*ret = (struct unpacked){ 0 };
	error = begin(&r, file);
	if (error == 0)
		error = make_all(&r);
	return error == 0 ? finish(&r, file) : error;
}
