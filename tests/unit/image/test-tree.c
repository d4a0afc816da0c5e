/* SPDX-License-Identifier: MIT */
/*
 * test-tree: paths, parents, conflicts, order.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include "image/content.h"
#include "image/tree.h"
#include "unit/memory.h"
#include "unit/scratch.h"

static int add_dir(struct tree *t, const char *path)
{
	return tree_add(
		t, &(struct tree_node){ .path = path, .mode = S_IFDIR | 0755, .reason = "dir" },
		NULL);
}

static int add_link(struct tree *t, const char *path, const char *target)
{
	return tree_add(t,
			&(struct tree_node){ .path = path,
					     .mode = S_IFLNK | 0777,
					     .target = target,
					     .reason = "link" },
			NULL);
}

static int add_text(struct tree *t, const char *path, const char *text, const char *reason)
{
	return tree_add(t,
			&(struct tree_node){ .path = path,
					     .mode = S_IFREG | 0644,
					     .bytes = text,
					     .size = strlen(text),
					     .reason = reason },
			NULL);
}

/* "path path path", in the order that the archive will have. */
static char *order(const struct tree *t)
{
	_cleanup_free_ const struct tree_node **nodes = NULL;
	char *text = strdup("");

	assert_int_equal(tree_sorted(t, &nodes), 0);
	for (size_t i = 0; i < t->n; i++) {
		char *longer;

		assert_true(asprintf(&longer, "%s%s%s", text, *text ? " " : "", nodes[i]->path) >=
			    0);
		free(text);
		text = longer;
	}
	assert_null(nodes[t->n]);
	return text;
}

static void parents_are_made(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(add_text(&t, "/usr/lib/x", "x", "wanted"), 0);
	assert_int_equal(add_text(&t, "usr/lib-y", "y", "too"), 0);
	text = order(&t);
	assert_string_equal(text, "usr usr/lib usr/lib-y usr/lib/x");
	assert_true(S_ISDIR(tree_find(&t, "usr/lib")->mode));
	assert_string_equal(tree_find(&t, "usr/lib")->reason, "wanted");
}

static void symlinks_on_the_way_are_followed(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_int_equal(add_link(&t, "lib", "usr/lib"), 0);
	assert_int_equal(add_link(&t, "usr/lib64", "/lib"), 0);
	assert_int_equal(add_text(&t, "usr/lib64/x", "x", "x"), 0);
	text = order(&t);
	assert_string_equal(text, "lib usr usr/lib usr/lib/x usr/lib64");
	assert_ptr_equal(tree_lookup(&t, "lib/x"), tree_find(&t, "usr/lib/x"));
	assert_null(tree_find(&t, "lib/x"));
	assert_null(tree_lookup(&t, "lib/none"));
	/* The last component is what is added, even if it is a symlink already. */
	assert_int_equal(add_text(&t, "lib", "x", "x"), -EEXIST);
}

static void the_same_again_keeps_the_first_reason(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };

	assert_int_equal(add_text(&t, "x", "text", "first"), 0);
	assert_int_equal(add_text(&t, "x", "text", "second"), 0);
	assert_int_equal(t.n, 1);
	assert_string_equal(tree_find(&t, "x")->reason, "first");
	assert_int_equal(add_text(&t, "x", "other", "third"), -EEXIST);
	assert_int_equal(add_text(&t, "x", "tex", "third"), -EEXIST);
	assert_int_equal(add_dir(&t, "x"), -EEXIST);
	assert_int_equal(add_link(&t, "y", "a"), 0);
	assert_int_equal(add_link(&t, "y", "b"), -EEXIST);
	assert_int_equal(add_dir(&t, "d"), 0);
	assert_int_equal(add_dir(&t, "d"), 0);
}

static void a_file_is_no_parent(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };

	assert_int_equal(add_text(&t, "x", "text", "file"), 0);
	assert_int_equal(add_text(&t, "x/y", "text", "below"), -ENOTDIR);
	assert_int_equal(add_text(&t, "x/..", "text", "no name"), -EINVAL);
	assert_int_equal(add_text(&t, "", "text", "no name"), -EINVAL);
	assert_int_equal(add_link(&t, "loop", "loop"), 0);
	assert_int_equal(add_text(&t, "loop/x", "text", "below"), -ELOOP);
}

static void sources_are_looked_at_when_added(void **state)
{
	struct scratch *s = *state;
	_cleanup_tree_ struct tree t = { 0 };
	struct tree_node file = {
		.path = "x", .mode = S_IFREG, .source_root = s->fd, .source = "file"
	};
	const struct tree_node *n;
	struct content c;

	assert_int_equal(tree_add(&t, &file, NULL), -ENOENT);
	scratch_write(s, "file", "12345", 5);
	assert_int_equal(fchmodat(s->fd, "file", 04775, 0), 0);
	assert_int_equal(tree_add(&t, &file, &n), 0);
	assert_int_equal(n->size, 5);
	/* Neither the group's right to write nor the set-user-ID bit comes along. */
	assert_int_equal(n->mode, S_IFREG | 0755);
	assert_int_equal(content_open(n, &c), 0);
	assert_int_equal(c.size, 5);
	assert_memory_equal(c.data, "12345", 5);
	content_close(&c);
	scratch_write(s, "file", "123456", 6);
	assert_int_equal(content_open(n, &c), -ESTALE);
	file.source = ".";
	file.path = "y";
	assert_int_equal(tree_add(&t, &file, NULL), -EINVAL);
}

static void an_empty_source_is_fine(void **state)
{
	struct scratch *s = *state;
	_cleanup_tree_ struct tree t = { 0 };
	struct tree_node file = {
		.path = "x", .mode = S_IFREG, .source_root = s->fd, .source = "empty"
	};
	const struct tree_node *n;
	struct content c;

	scratch_write(s, "empty", "", 0);
	assert_int_equal(tree_add(&t, &file, &n), 0);
	assert_int_equal(content_open(n, &c), 0);
	assert_int_equal(c.size, 0);
	content_close(&c);
}

static void an_alias_is_only_made_where_nothing_is(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };

	assert_int_equal(add_link(&t, "sbin", "usr/sbin"), 0);
	assert_int_equal(add_text(&t, "usr/sbin/fsck", "x", "x"), 0);
	assert_int_equal(tree_alias(&t, "sbin/fsck", "/elsewhere", t.first), 0);
	assert_true(S_ISREG(tree_find(&t, "usr/sbin/fsck")->mode));
	assert_int_equal(tree_alias(&t, "sbin/other", "/usr/sbin/fsck", t.first), 0);
	assert_ptr_equal(tree_lookup(&t, "sbin/other"), tree_find(&t, "usr/sbin/fsck"));
}

/* A pass that walks the tree meets what it adds on the way. */
static void the_walk_sees_what_it_adds(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	unsigned int seen = 0;

	assert_int_equal(add_dir(&t, "0"), 0);
	TREE_FOREACH(n, &t) {
		char name[] = { (char)(n->path[0] + 1), '\0' };

		seen++;
		if (*name <= '5')
			assert_int_equal(add_dir(&t, name), 0);
	}
	assert_int_equal(seen, 6);
}

static int add_some(void *data)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ const struct tree_node **nodes = NULL;
	int r;

	if ((r = add_link(&t, "lib", "usr/lib")) < 0 ||
	    (r = add_text(&t, "lib/a/b", "text", "why")) < 0)
		return r;
	return tree_sorted(&t, &nodes);
}

static int put_text(struct tree *t, const char *path, const char *text)
{
	return tree_put(t, &(struct tree_node){ .path = path,
						.mode = S_IFREG | 0755,
						.flags = TREE_BORROWED,
						.bytes = text,
						.size = strlen(text),
						.reason = "later" });
}

/* As the kernel unpacks what comes later in a file. */
static void what_is_put_takes_the_place(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };
	_cleanup_free_ char *paths = NULL;
	static const char later[] = "later";

	assert_int_equal(add_dir(&t, "usr/lib"), 0);
	assert_int_equal(add_link(&t, "lib", "usr/lib"), 0);
	assert_int_equal(add_text(&t, "lib/file", "first", "first"), 0);
	assert_int_equal(add_link(&t, "lib/link", "file"), 0);
	assert_int_equal(put_text(&t, "lib/file", later), 0);
	assert_int_equal(put_text(&t, "usr/lib/link", later), 0);
	assert_int_equal(put_text(&t, "usr/lib/new", later), 0);
	/* A directory stays one. */
	assert_int_equal(put_text(&t, "usr/lib", later), 0);
	assert_true(S_ISDIR(tree_find(&t, "usr/lib")->mode));
	assert_ptr_equal(tree_find(&t, "usr/lib/file")->bytes, later);
	assert_int_equal(tree_find(&t, "usr/lib/file")->mode, S_IFREG | 0755);
	assert_ptr_equal(tree_lookup(&t, "lib/link")->bytes, later);
	paths = order(&t);
	assert_string_equal(paths, "lib usr usr/lib usr/lib/file usr/lib/link usr/lib/new");
}

static void a_root_below(void **state)
{
	_cleanup_tree_ struct tree t = { 0 };

	assert_int_equal(add_text(&t, "usr/lib/x", "outside", ""), 0);
	assert_int_equal(add_text(&t, "inner/usr/lib/x", "inside", ""), 0);
	assert_int_equal(add_link(&t, "inner/lib", "/usr/lib"), 0);
	assert_int_equal(add_link(&t, "inner/up", "../../../usr/lib/x"), 0);
	assert_string_equal(tree_lookup_below(&t, "inner/", "/lib/x")->path, "inner/usr/lib/x");
	assert_string_equal(tree_lookup_below(&t, "inner/", "up")->path, "inner/usr/lib/x");
	assert_string_equal(tree_lookup_below(&t, "", "usr/lib/x")->path, "usr/lib/x");
	assert_null(tree_lookup_below(&t, "inner/", "inner/usr/lib/x"));
}

static enum tree_segment segment_of(const struct tree *t, const char *path)
{
	const struct tree_node *n = tree_find(t, path);

	assert_non_null(n);
	return n->segment;
}

static void what_is_wanted_early_stands_there(void **state)
{
	_cleanup_tree_ struct tree t = { .adding = SEGMENT_RESERVE };

	assert_int_equal(add_text(&t, "usr/lib/late", "x", "why"), 0);
	assert_int_equal(add_text(&t, "usr/lib/later", "x", "why"), 0);
	assert_int_equal(add_text(&t, "usr/share/map", "x", "why"), 0);
	assert_int_equal(segment_of(&t, "usr"), SEGMENT_RESERVE);
	t.adding = SEGMENT_MAIN;
	/* Added once more, or only wanted: with the directories above it, and nothing beside it. */
	assert_int_equal(add_text(&t, "usr/lib/late", "x", "another"), 0);
	assert_int_equal(segment_of(&t, "usr/lib/late"), SEGMENT_MAIN);
	assert_int_equal(segment_of(&t, "usr/lib"), SEGMENT_MAIN);
	assert_int_equal(segment_of(&t, "usr"), SEGMENT_MAIN);
	assert_int_equal(segment_of(&t, "usr/lib/later"), SEGMENT_RESERVE);
	assert_int_equal(segment_of(&t, "usr/share"), SEGMENT_RESERVE);
	assert_int_equal(tree_want(&t, tree_find(&t, "usr/share/map")), 0);
	assert_int_equal(segment_of(&t, "usr/share"), SEGMENT_MAIN);
	assert_int_equal(segment_of(&t, "usr/share/map"), SEGMENT_MAIN);
	/* What is there early stays there. */
	t.adding = SEGMENT_RESERVE;
	assert_int_equal(add_text(&t, "usr/lib/late", "x", "a third"), 0);
	assert_int_equal(segment_of(&t, "usr/lib/late"), SEGMENT_MAIN);
	assert_int_equal(add_text(&t, "usr/lib/more", "x", "why"), 0);
	assert_int_equal(segment_of(&t, "usr/lib/more"), SEGMENT_RESERVE);
	assert_int_equal(segment_of(&t, "usr/lib"), SEGMENT_MAIN);
}

static void memory_runs_out(void **state)
{
	assert_true(memory_sweep(add_some, NULL) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_are_made),
		cmocka_unit_test(symlinks_on_the_way_are_followed),
		cmocka_unit_test(the_same_again_keeps_the_first_reason),
		cmocka_unit_test(a_file_is_no_parent),
		cmocka_unit_test_setup_teardown(sources_are_looked_at_when_added, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(an_empty_source_is_fine, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(an_alias_is_only_made_where_nothing_is),
		cmocka_unit_test(the_walk_sees_what_it_adds),
		cmocka_unit_test(what_is_put_takes_the_place),
		cmocka_unit_test(a_root_below),
		cmocka_unit_test(what_is_wanted_early_stands_there),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
