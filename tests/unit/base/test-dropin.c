/* SPDX-License-Identifier: MIT */
/*
 * test-dropin: configuration in pieces.
 * wrap: malloc calloc realloc strdup strndup asprintf
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/dropin.h"
#include "base/macro.h"
#include "unit/memory.h"
#include "unit/scratch.h"

static const char *const dirs[] = { "etc/x.d", "usr/lib/x.d", NULL };

static int setup(void **state)
{
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	if (mkdirat(s->fd, "etc", 0755) < 0 || mkdirat(s->fd, "etc/x.d", 0755) < 0 ||
	    mkdirat(s->fd, "usr", 0755) < 0 || mkdirat(s->fd, "usr/lib", 0755) < 0)
		return -1;
	return mkdirat(s->fd, "usr/lib/x.d", 0755);
}

static void put(const struct scratch *s, const char *name, const char *text)
{
	scratch_write(s, name, text, strlen(text));
}

static void assert_reads(const struct scratch *s, const char *want)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(dropin_read(s->fd, dirs, ".conf", &text), 0);
	assert_string_equal(text, want);
}

static void files_are_sorted_over_directories(void **state)
{
	put(*state, "usr/lib/x.d/10-a.conf", "a");
	put(*state, "usr/lib/x.d/30-c.conf", "c");
	put(*state, "etc/x.d/20-b.conf", "b\n");
	assert_reads(*state, "a\nb\n\nc\n");
}

static void earlier_directory_hides_a_name(void **state)
{
	const struct scratch *s = *state;

	put(s, "usr/lib/x.d/a.conf", "vendor");
	put(s, "etc/x.d/a.conf", "local");
	assert_reads(s, "local\n");
	/* The usual way to take a file out altogether. */
	assert_int_equal(unlinkat(s->fd, "etc/x.d/a.conf", 0), 0);
	assert_int_equal(symlinkat("/dev/null", s->fd, "etc/x.d/a.conf"), 0);
	assert_reads(s, "\n");
}

static void other_names_are_left_alone(void **state)
{
	put(*state, "etc/x.d/.hidden.conf", "hidden");
	put(*state, "etc/x.d/a.conf.dpkg-old", "old");
	put(*state, "etc/x.d/a.conf~", "backup");
	put(*state, "etc/x.d/README", "text");
	put(*state, "etc/x.d/a.conf", "a");
	assert_reads(*state, "a\n");
}

static void nothing_is_an_empty_text(void **state)
{
	const struct scratch *s = *state;

	assert_reads(s, "");
	assert_int_equal(unlinkat(s->fd, "etc/x.d", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(s->fd, "usr/lib/x.d", AT_REMOVEDIR), 0);
	put(s, "etc/x.d", "a file where the directory should be");
	assert_reads(s, "");
}

static void what_cannot_be_read_is_an_error(void **state)
{
	const struct scratch *s = *state;
	char *text = (char *)"untouched";

	assert_int_equal(mkdirat(s->fd, "etc/x.d/dir.conf", 0755), 0);
	assert_int_equal(dropin_read(s->fd, dirs, ".conf", &text), -EISDIR);
	assert_string_equal(text, "untouched");
}

static int read_all(void *data)
{
	_cleanup_free_ char *text = NULL;
	const struct scratch *s = data;

	return dropin_read(s->fd, dirs, ".conf", &text);
}

static void out_of_memory_is_reported(void **state)
{
	put(*state, "etc/x.d/a.conf", "a");
	put(*state, "usr/lib/x.d/b.conf", "b");
	/* Each name: the array, the copy; each file: its path once or twice, its content. */
	assert_int_equal(memory_sweep(read_all, *state), 2 * 2 + 2 + 3);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(files_are_sorted_over_directories),
		in_scratch(earlier_directory_hides_a_name),
		in_scratch(other_names_are_left_alone),
		in_scratch(nothing_is_an_empty_text),
		in_scratch(what_cannot_be_read_is_an_error),
		in_scratch(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
