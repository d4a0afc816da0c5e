/* SPDX-License-Identifier: MIT */
/* test-newc: archives written, read back, and damaged. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "image/newc.h"
#include "unit/scratch.h"

static const struct newc_part whole = { SEGMENT_MAIN, 0 };

struct sheet {
	char data[8192];
	size_t size;
	size_t room; /* more is -ENOSPC */
};

static int append(void *to, const void *data, size_t size)
{
	struct sheet *b = to;

	if (b->size + size > b->room)
		return -ENOSPC;
	memcpy(b->data + b->size, data, size);
	b->size += size;
	return 0;
}

static void add(struct tree *t, struct tree_node node)
{
	node.reason = "test";
	assert_int_equal(tree_add(t, &node, NULL), 0);
}

static void fill(struct tree *t)
{
	add(t, (struct tree_node){
		       .path = "b/file", .mode = S_IFREG | 0644, .bytes = "12345", .size = 5 });
	add(t, (struct tree_node){ .path = "b/empty", .mode = S_IFREG | 0600, .bytes = "" });
	add(t, (struct tree_node){ .path = "a", .mode = S_IFLNK | 0777, .target = "b/file" });
	add(t,
	    (struct tree_node){ .path = "dev", .mode = S_IFCHR | 0600, .rdev = makedev(5, 1) });
}

static void write_tree(const struct tree *t, struct sheet *b)
{
	struct newc_failure failure;

	assert_int_equal(newc_write(t, &whole, 0x12345678, append, b, &failure), 0);
	assert_int_equal(b->size % 4, 0);
}

static void what_is_written_is_read(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };
	struct newc_entry e;
	const char *why;
	size_t at = 0;

	fill(&t);
	write_tree(&t, &b);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
	assert_string_equal(e.name, "a");
	assert_int_equal(e.mode, S_IFLNK | 0777);
	assert_memory_equal(e.data, "b/file", 6);
	assert_int_equal(e.ino, 1);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
	assert_string_equal(e.name, "b");
	assert_int_equal(e.mode, S_IFDIR | 0755);
	assert_int_equal(e.nlink, 2);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
	assert_string_equal(e.name, "b/empty");
	assert_int_equal(e.size, 0);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
	assert_string_equal(e.name, "b/file");
	assert_memory_equal(e.data, "12345", 5);
	assert_int_equal(e.nlink, 1);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
	assert_string_equal(e.name, "dev");
	assert_int_equal(e.rdev, makedev(5, 1));
	assert_int_equal(e.ino, 5);
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 0);
	assert_int_equal(at, b.size);
}

/* The first record, field by field: what the kernel documents, and what keeps an image the same.
 */
static void the_header_is_as_documented(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };

	add(&t,
	    (struct tree_node){ .path = "a", .mode = S_IFREG | 0644, .bytes = "xyz", .size = 3 });
	write_tree(&t, &b);
	assert_memory_equal(b.data,
			    "070701" /* magic */
			    "00000001" /* inode number */
			    "000081A4" /* mode */
			    "00000000" /* uid */
			    "00000000" /* gid */
			    "00000001" /* nlink */
			    "12345678" /* mtime */
			    "00000003" /* size */
			    "00000000" "00000000" /* device */
			    "00000000" "00000000" /* rdev */
			    "00000002" /* size of the name */
			    "00000000" /* checksum */
			    "a\0xyz\0",
			    110 + 2 + 4);
	assert_memory_equal(b.data + 116 + 110, "TRAILER!!!", 11);
}

static void every_short_write_is_an_error(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };

	struct sheet all = { .room = sizeof(all.data) };

	fill(&t);
	write_tree(&t, &all);
	for (size_t room = 0; room < all.size; room += 3) {
		struct sheet b = { .room = room };
		struct newc_failure failure;

		assert_int_equal(newc_write(&t, &whole, 0, append, &b, &failure), -ENOSPC);
		assert_null(failure.node);
	}
}

static void a_file_that_changed_is_named(void **state)
{
	struct scratch *s = *state;
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };
	struct newc_failure failure;

	scratch_write(s, "file", "12345", 5);
	add(&t, (struct tree_node){ .path = "x",
				    .mode = S_IFREG | 0644,
				    .source_root = s->fd,
				    .source = "file" });
	scratch_write(s, "file", "1234", 4);
	assert_int_equal(newc_write(&t, &whole, 0, append, &b, &failure), -ESTALE);
	assert_string_equal(failure.node->path, "x");
}

/* One file under several names: written once, with the last of them. */
static void the_same_file_twice(void **state)
{
	static const struct {
		const char *name;
		uint32_t ino, nlink;
		const char *data;
	} expected[] = {
		{ "a", 1, 3, "" }, { "b", 2, 1, "12345" }, { "c", 3, 1, "12345" },
		{ "d", 1, 3, "" }, { "e", 5, 1, "other" }, { "f", 1, 3, "12345" },
	};
	const struct scratch *s = *state;
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };
	struct newc_entry e;
	const char *why;
	size_t at = 0;

	scratch_write(s, "file", "12345", 5);
	scratch_write(s, "other", "other", 5);
	add(&t, (struct tree_node){ .path = "f", .mode = S_IFREG | 0644, .source_root = s->fd, .source = "file" });
	add(&t, (struct tree_node){ .path = "a", .mode = S_IFREG | 0644, .source_root = s->fd, .source = "file" });
	add(&t, (struct tree_node){ .path = "b", .mode = S_IFREG | 0755, .source_root = s->fd, .source = "file" });
	add(&t, (struct tree_node){ .path = "c", .mode = S_IFREG | 0644, .bytes = "12345", .size = 5 });
	add(&t, (struct tree_node){ .path = "d", .mode = S_IFREG | 0644, .source_root = s->fd, .source = "file" });
	add(&t, (struct tree_node){ .path = "e", .mode = S_IFREG | 0644, .source_root = s->fd, .source = "other" });
	write_tree(&t, &b);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 1);
		assert_string_equal(e.name, expected[i].name);
		assert_int_equal(e.ino, expected[i].ino);
		assert_int_equal(e.nlink, expected[i].nlink);
		assert_int_equal(e.size, strlen(expected[i].data));
		assert_memory_equal(e.data, expected[i].data, e.size);
	}
	assert_int_equal(newc_read(b.data, b.size, &at, &e, &why), 0);
}

/* Each directory once, in the first archive that has something of it. */
static void parts(void **state)
{
	static const struct {
		struct newc_part part;
		const char *names;
	} rows[] = {
		{ { SEGMENT_EARLY, 16 }, "kernel kernel/x86 kernel/x86/a.bin kernel/x86/bc.bin" },
		{ { SEGMENT_MAIN, 0 }, "bin kernel/y.ko" },
	};
	_cleanup_tree_ struct tree t = { 0 };

	add(&t, (struct tree_node){ .path = "bin", .mode = S_IFDIR | 0755 });
	add(&t, (struct tree_node){ .path = "kernel/y.ko", .mode = S_IFREG | 0644, .bytes = "y", .size = 1 });
	for (size_t i = 0; i < 2; i++)
		add(&t, (struct tree_node){ .path = i ? "kernel/x86/a.bin" : "kernel/x86/bc.bin",
					    .mode = S_IFREG | 0644,
					    .segment = SEGMENT_EARLY,
					    .bytes = "0123456789abcdefg",
					    .size = 17 });
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sheet b = { .room = sizeof(b.data) };
		struct newc_failure failure;
		char names[256] = "";
		struct newc_entry e;
		const char *why;
		size_t at = 0;

		assert_false(newc_part_is_empty(&t, &rows[i].part));
		assert_int_equal(newc_write(&t, &rows[i].part, 0, append, &b, &failure), 0);
		assert_int_equal(b.size % 4, 0);
		while (newc_read(b.data, b.size, &at, &e, &why) == 1) {
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", *names ? " " : "",
				 e.name);
			if (e.size > 0 && rows[i].part.align > 0)
				assert_int_equal(((const char *)e.data - b.data) % rows[i].part.align, 0);
		}
		assert_int_equal(at, b.size);
		assert_string_equal(names, rows[i].names);
	}
}

static void leading_dots_and_slashes_are_left_out(void **state)
{
	static const struct {
		const char *written, *read;
	} rows[] = { { "./usr/x", "usr/x" },
		     { "/usr/x", "usr/x" },
		     { "././/x", "x" },
		     { ".hidden", ".hidden" },
		     { ".", "." } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char data[256] = { 0 };
		struct newc_entry e;
		const char *why;
		size_t at = 0;
		int n = snprintf(data, sizeof(data), "070701%08X%08X%072d%08zX%08d%s", 1, S_IFREG,
				 0, strlen(rows[i].written) + 1, 0, rows[i].written);

		assert_int_equal(newc_read(data, (size_t)n + 4, &at, &e, &why), 1);
		assert_string_equal(e.name, rows[i].read);
	}
}

/* Every cut and every damaged byte of the header: an error, or a record that stays inside. */
static void damage_is_survived(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };

	fill(&t);
	write_tree(&t, &b);
	for (size_t size = 0; size <= b.size; size++)
		for (size_t damage = 0; damage < 110; damage++) {
			_cleanup_free_ char *exact = malloc(size + 1);
			struct newc_entry e;
			const char *why;
			size_t at = 0;

			assert_non_null(exact);
			memcpy(exact + 1, b.data, size);
			if (damage < size && damage > 0)
				exact[1 + damage] = damage % 2 ? 'F' : 'x';
			while (at < size && newc_read(exact + 1, size, &at, &e, &why) == 1)
				;
			assert_true(at <= size);
			/* Steps of the first are enough: what follows is the same code. */
			if (size > 240)
				break;
		}
}

static void cuts_are_told_apart(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };
	static const struct {
		size_t size;
		const char *why;
	} rows[] = {
		{ 50, "the archive is cut off in a record's header" },
		{ 111, "the archive is cut off in a file's name" },
		{ 114, "the archive is cut off in a file's data" },
	};

	add(&t,
	    (struct tree_node){ .path = "a", .mode = S_IFREG | 0644, .bytes = "xyz", .size = 3 });
	write_tree(&t, &b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct newc_entry e;
		const char *why = NULL;
		size_t at = 0;

		assert_int_equal(newc_read(b.data, rows[i].size, &at, &e, &why), -EBADMSG);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(at, 0);
	}
}

/* Who reads a stream must know how much of it to wait for. */
static void a_record_says_what_it_needs(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	struct sheet b = { .room = sizeof(b.data) };
	struct newc_entry e;
	const char *why;
	size_t at = 0;

	fill(&t);
	write_tree(&t, &b);
	assert_int_equal(newc_needs(b.data, 0), NEWC_HEADER_SIZE);
	assert_int_equal(newc_needs(b.data, NEWC_HEADER_SIZE - 1), NEWC_HEADER_SIZE);
	for (int r = 1; r == 1;) {
		size_t before = at;
		uint64_t need = newc_needs(b.data + at, NEWC_HEADER_SIZE);

		assert_true(need > NEWC_HEADER_SIZE);
		r = newc_read(b.data, before + need, &at, &e, &why);
		assert_true(r >= 0);
		assert_int_equal(at - before, need);
	}
	assert_int_equal(at, b.size);
	b.data[0] = 'x';
	assert_int_equal(newc_needs(b.data, b.size), 0);
	b.data[0] = '0';
	b.data[20] = 'x';
	assert_int_equal(newc_needs(b.data, b.size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_says_what_it_needs),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_header_is_as_documented),
		cmocka_unit_test(parts),
		cmocka_unit_test(every_short_write_is_an_error),
		cmocka_unit_test_setup_teardown(the_same_file_twice, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_file_that_changed_is_named, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(leading_dots_and_slashes_are_left_out),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(cuts_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
