/* SPDX-License-Identifier: MIT */
/*
 * test-unpacker: an archive in pieces of any size becomes the same files; damage and cuts are told; nothing leads out.
 */
#include "init/unpacker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/newc.h"
#include "unit/scratch.h"

/* One record as cpio(1) writes it. */
static void put(struct buffer *b, const char *name, mode_t mode, unsigned int ino, unsigned int links, const char *data)
{
	char header[NEWC_HEADER_SIZE + 1];
	size_t size = strlen(data);

	(void)snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ino,
		       (unsigned int)mode, 0U, 0U, links, 0U, (unsigned int)size, 0U, 0U, 0U, 0U,
		       (unsigned int)strlen(name) + 1, 0U);
	assert_int_equal(buffer_append(b, header, NEWC_HEADER_SIZE), 0);
	assert_int_equal(buffer_append(b, name, strlen(name) + 1), 0);
	assert_int_equal(buffer_append(b, "\0\0\0", newc_padded(b->size) - b->size), 0);
	assert_int_equal(buffer_append(b, data, size), 0);
	assert_int_equal(buffer_append(b, "\0\0\0", newc_padded(b->size) - b->size), 0);
}

/* As slipway writes it: of files that have several names the last has the data, and parents may be elsewhere. */
static void fill(struct buffer *b)
{
	put(b, "usr/lib/closed", S_IFDIR | 0700, 1, 2, "");
	put(b, "usr/lib/closed/a", S_IFREG | 0644, 2, 2, "");
	put(b, "usr/lib/empty", S_IFREG | 0600, 3, 1, "");
	put(b, "usr/lib/libx.so", S_IFLNK | 0777, 4, 1, "libx.so.1");
	put(b, "usr/lib/libx.so.1", S_IFREG | 0755, 5, 1, "the library");
	put(b, "usr/sbin/b", S_IFREG | 0644, 2, 2, "twice");
}

static int open_scratch(const struct scratch *s, const char *name)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", s->path, name);
	assert_int_equal(file_mkdir_parents(AT_FDCWD, path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* All of it in pieces of `step` bytes. */
static int feed(struct unpacker *u, const struct buffer *b, size_t step, const char **ret_why)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < b->size; at += step)
		r = unpacker_feed(u, b->data + at, MIN(step, b->size - at), ret_why);
	return r < 0 ? r : unpacker_finish(u);
}

static void assert_file(int root, const char *path, const char *text, mode_t mode)
{
	_cleanup_free_ char *found = NULL;
	struct stat st;

	assert_int_equal(file_read(root, path, 4096, &found, NULL), 0);
	assert_string_equal(found, text);
	assert_int_equal(fstatat(root, path, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | mode);
}

static void pieces_of_any_size(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 7, 109, 110, 111, 128, 4096 };
	_cleanup_buffer_ struct buffer b = { 0 };

	fill(&b);
	put(&b, NEWC_TRAILER, 0, 0, 1, "");
	/* Padding, and what is no archive of ours any more. */
	assert_int_equal(buffer_append(&b, "\0\0\0\0junk", 8), 0);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_unpacker_ struct unpacker u = UNPACKER_NONE;
		_cleanup_close_ int root = -EBADF;
		const char *why = NULL;
		struct stat a, c;
		char name[16];

		(void)snprintf(name, sizeof(name), "%zu", i);
		u.parent.root = root = open_scratch(*state, name);
		assert_int_equal(feed(&u, &b, steps[i], &why), 0);
		assert_file(root, "usr/lib/closed/a", "twice", 0644);
		assert_file(root, "usr/sbin/b", "twice", 0644);
		assert_file(root, "usr/lib/empty", "", 0600);
		assert_file(root, "usr/lib/libx.so", "the library", 0755);
		assert_int_equal(fstatat(root, "usr/lib/closed/a", &a, 0), 0);
		assert_int_equal(fstatat(root, "usr/sbin/b", &c, 0), 0);
		assert_int_equal(a.st_ino, c.st_ino);
		assert_int_equal(fstatat(root, "usr/lib/closed", &a, 0), 0);
		assert_int_equal(a.st_mode & 07777, 0700);
		assert_int_equal(fstatat(root, "usr/lib", &a, 0), 0);
		assert_int_equal(a.st_mode & 07777, 0755);
	}
}

/* An unpacking that was ended begins anew over what it has left. */
static void over_what_is_there(void **state)
{
	_cleanup_buffer_ struct buffer b = { 0 };
	_cleanup_close_ int root = open_scratch(*state, "again");

	fill(&b);
	put(&b, NEWC_TRAILER, 0, 0, 1, "");
	for (int i = 0; i < 2; i++) {
		_cleanup_unpacker_ struct unpacker u = UNPACKER_NONE;
		const char *why;

		u.parent.root = root;
		assert_int_equal(feed(&u, &b, 100, &why), 0);
		assert_file(root, "usr/sbin/b", "twice", 0644);
		assert_file(root, "usr/lib/closed/a", "twice", 0644);
	}
}

static void wrong_archives(void **state)
{
	static const struct {
		const char *name;
		size_t damage; /* that byte is changed, from the record's beginning */
		bool trailer;
		int r;
		const char *why;
	} rows[] = {
		{ "a", 0, true, -EBADMSG, "no cpio record" },
		{ "a", 30, true, -EBADMSG, "no cpio record" },
		{ "a", 200, false, -ENODATA, NULL },
		{ "../a", 200, true, -EINVAL, NULL },
		{ "usr/../../a", 200, true, -EINVAL, NULL },
		{ "..", 200, true, -EINVAL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_unpacker_ struct unpacker u = UNPACKER_NONE;
		_cleanup_buffer_ struct buffer b = { 0 };
		_cleanup_close_ int root = open_scratch(*state, "wrong");
		const char *why = NULL;

		u.parent.root = root;
		put(&b, rows[i].name, S_IFREG | 0644, 1, 1, "data");
		if (rows[i].trailer)
			put(&b, NEWC_TRAILER, 0, 0, 1, "");
		if (rows[i].damage < 110)
			b.data[rows[i].damage] = 'x';
		assert_int_equal(feed(&u, &b, 4096, &why), rows[i].r);
		assert_true(streq_null(why, rows[i].why));
		assert_true(faccessat(root, "../a", F_OK, 0) < 0);
	}
}

/* A link of the archive leads where it would lead if the directory were "/". */
static void links_do_not_lead_out(void **state)
{
	_cleanup_unpacker_ struct unpacker u = UNPACKER_NONE;
	_cleanup_buffer_ struct buffer b = { 0 };
	_cleanup_close_ int root = open_scratch(*state, "in");
	const char *why;

	u.parent.root = root;
	put(&b, "out", S_IFLNK | 0777, 1, 1, "/../../tmp");
	put(&b, "tmp", S_IFDIR | 0755, 2, 2, "");
	put(&b, "out/slipway-unpacker-test", S_IFREG | 0644, 3, 1, "data");
	put(&b, NEWC_TRAILER, 0, 0, 1, "");
	assert_int_equal(feed(&u, &b, 4096, &why), 0);
	assert_file(root, "tmp/slipway-unpacker-test", "data", 0644);
	assert_true(access("/tmp/slipway-unpacker-test", F_OK) < 0);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(pieces_of_any_size),
		in_scratch(over_what_is_there),
		in_scratch(wrong_archives),
		in_scratch(links_do_not_lead_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
