/* SPDX-License-Identifier: MIT */
/* test-archive: several archives in one image, the last word on a name, symlinks and hard links.
 */
#include <errno.h>
#include <sys/stat.h>

#include "image/archive.h"
#include "image/compress.h"
#include "unit/unit.h"

#define MAX_UNPACKED (1 << 20)

struct image {
	char data[16384];
	size_t size;
};

static void put(struct image *i, const void *data, size_t size)
{
	assert_true(i->size + size <= sizeof(i->data));
	memcpy(i->data + i->size, data, size);
	i->size += size;
}

static void put_record(struct image *i, uint32_t ino, mode_t mode, unsigned int nlink,
		       const char *name, const char *content)
{
	char header[128];

	snprintf(header, sizeof(header), "070701%08X%08X%016X%08X%08X%08X%032X%08X%08X", ino,
		 mode, 0, nlink, 0, (unsigned int)strlen(content), 0,
		 (unsigned int)strlen(name) + 1, 0);
	put(i, header, 110);
	put(i, name, strlen(name) + 1);
	put(i, "\0\0\0", (4 - i->size % 4) % 4);
	put(i, content, strlen(content));
	put(i, "\0\0\0", (4 - i->size % 4) % 4);
}

static void put_file(struct image *i, const char *name, const char *content)
{
	put_record(i, 1, S_IFREG | 0644, 1, name, content);
}

static void put_trailer(struct image *i)
{
	put_record(i, 0, 0, 1, "TRAILER!!!", "");
}

static void put_compressed(struct image *i, const struct image *plain)
{
	_cleanup_buffer_ struct buffer out = { 0 };
	_cleanup_compressor_ struct compressor c = { 0 };

	assert_int_equal(compressor_open(compress_formats, 3, &out, &c), 0);
	assert_int_equal(compressor_write(&c, plain->data, plain->size), 0);
	assert_int_equal(compressor_finish(&c), 0);
	put(i, out.data, out.size);
}

static void assert_content(const struct archive *a, const char *path, const char *content)
{
	const struct newc_entry *e;

	assert_int_equal(archive_find(a, path, &e), 0);
	assert_int_equal(e->size, strlen(content));
	assert_memory_equal(e->data, content, e->size);
}

static void later_archives_replace(void **state)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	struct image image = { 0 }, inner = { 0 };

	put_file(&image, "kernel/x86/microcode", "early");
	put_file(&image, "x", "first");
	put_trailer(&image);
	put(&image, (char[508]){ 0 }, 508);
	put_file(&inner, "x", "second");
	put_file(&inner, "y", "inner");
	put_trailer(&inner);
	put_compressed(&image, &inner);
	put(&image, (char[3]){ 0 }, 3);
	inner.size = 0;
	put_file(&inner, "y", "third");
	put_trailer(&inner);
	put_compressed(&image, &inner);
	assert_int_equal(archive_read(image.data, image.size, MAX_UNPACKED, &a, &failure), 0);
	assert_int_equal(a.n, 5);
	assert_int_equal(a.segments, 3);
	assert_content(&a, "kernel/x86/microcode", "early");
	assert_content(&a, "/x", "second");
	assert_content(&a, "./y", "third");
}

static void links_are_followed(void **state)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	struct image image = { 0 };
	const struct newc_entry *e;

	put_record(&image, 1, S_IFLNK | 0777, 1, "lib", "usr/lib");
	put_record(&image, 2, S_IFREG | 0644, 2, "usr/lib/one", "");
	put_record(&image, 2, S_IFREG | 0644, 2, "usr/lib/two", "shared");
	put_record(&image, 3, S_IFLNK | 0777, 1, "loop", "loop");
	put_trailer(&image);
	/* The same inode number in another archive is another file. */
	put_record(&image, 2, S_IFREG | 0644, 2, "other", "not it");
	put_trailer(&image);
	assert_int_equal(archive_read(image.data, image.size, MAX_UNPACKED, &a, &failure), 0);
	assert_content(&a, "lib/one", "shared");
	assert_content(&a, "lib/two", "shared");
	assert_int_equal(archive_find(&a, "loop", &e), -ELOOP);
	assert_int_equal(archive_find(&a, "lib/three", &e), -ENOENT);
}

static void expect_failure(const struct image *i, size_t size, size_t offset, const char *format,
			   const char *why)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;

	assert_int_equal(archive_read(i->data, size, MAX_UNPACKED, &a, &failure), -EBADMSG);
	assert_int_equal(failure.offset, offset);
	assert_string_equal(failure.why, why);
	if (format)
		assert_string_equal(failure.format, format);
	else
		assert_null(failure.format);
}

static void failures_say_where(void **state)
{
	struct image image = { 0 }, inner = { 0 };
	size_t second, end;

	expect_failure(&image, 0, 0, NULL, "there is no archive in it");
	put_file(&image, "x", "1234");
	second = image.size;
	put_file(&image, "y", "1234");
	end = image.size;
	expect_failure(&image, end, end, NULL, "the archive is cut off before its trailer");
	expect_failure(&image, end - 1, second, NULL, "the archive is cut off in a file's data");
	put_trailer(&image);
	end = image.size;
	put(&image, "junk", 4);
	expect_failure(&image, image.size, end, NULL,
		       "neither a cpio archive nor a compressed one begins here");
	image.size = end;
	put_file(&inner, "z", "1234");
	put_compressed(&image, &inner);
	expect_failure(&image, image.size, end, "zstd",
		       "the archive is cut off before its trailer");
	expect_failure(&image, image.size - 1, image.size - 1, "zstd",
		       "the compressed archive is cut off");
	image.data[end + 12] ^= 0x55;
	image.data[end + 20] ^= 0x55;
	{
		_cleanup_archive_ struct archive a = { 0 };
		struct archive_failure failure;

		assert_int_equal(archive_read(image.data, image.size, MAX_UNPACKED, &a, &failure),
				 -EBADMSG);
		assert_string_equal(failure.format, "zstd");
	}
}

/* Of what is damaged, what is whole before that; later archives may still be read by the kernel. */
static void what_is_whole_stays(void **state)
{
	_cleanup_archive_ struct archive a = { 0 };
	struct archive_failure failure;
	struct image image = { 0 }, inner = { 0 };

	put_file(&image, "x", "first");
	put_trailer(&image);
	put_file(&inner, "y", "second");
	put_trailer(&inner);
	put_compressed(&image, &inner);
	put(&image, "\0\0\0", (4 - image.size % 4) % 4);
	put_file(&image, "z", "third");
	assert_int_equal(archive_read(image.data, image.size, MAX_UNPACKED, &a, &failure), -EBADMSG);
	assert_int_equal(a.n, 3);
	assert_int_equal(a.parts_n, 2);
	assert_int_equal(a.parts[0].offset, 0);
	assert_int_equal(a.parts[1].offset, a.parts[0].size);
	assert_string_equal(a.parts[1].format, "zstd");
	assert_int_equal(a.parts[1].unpacked, inner.size);
	assert_int_equal(a.parts[1].entries, 1);
	assert_content(&a, "x", "first");
	assert_content(&a, "y", "second");
	assert_content(&a, "z", "third");
}

static void what_unpacks_to_too_much_is_refused(void **state)
{
	_cleanup_archive_ struct archive a = { 0 };
	_cleanup_buffer_ struct buffer out = { 0 };
	_cleanup_compressor_ struct compressor c = { 0 };
	struct archive_failure failure;
	static const char zeros[1 << 16];

	assert_int_equal(compressor_open(compress_formats, 3, &out, &c), 0);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(compressor_write(&c, zeros, sizeof(zeros)), 0);
	assert_int_equal(compressor_finish(&c), 0);
	assert_int_equal(archive_read(out.data, out.size, MAX_UNPACKED, &a, &failure), -EFBIG);
	assert_non_null(failure.why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_archives_replace),
		cmocka_unit_test(links_are_followed),
		cmocka_unit_test(failures_say_where),
		cmocka_unit_test(what_is_whole_stays),
		cmocka_unit_test(what_unpacks_to_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
