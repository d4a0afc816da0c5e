/* SPDX-License-Identifier: MIT */
/*
 * test-helper: what is laid over the exitrd, by what is attached.
 * wrap: log_line log_console log_errno
 */
#include <sys/stat.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/helper.h"
#include "unit/scratch.h"
#include "unit/trace.h"

struct room {
	int sys, from, to;
};

static int open_dir(const struct scratch *s, const char *name)
{
	assert_int_equal(file_mkdir_parents(s->fd, name, 0755), 0);
	return openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct room furnish(const struct scratch *s)
{
	struct room r = { open_dir(s, "sys"), open_dir(s, "helpers"), open_dir(s, "to") };

	assert_int_equal(file_mkdir_parents(s->fd, "helpers/mdmon/usr/sbin", 0755), 0);
	assert_int_equal(symlinkat("usr/sbin", r.from, "mdmon/sbin"), 0);
	assert_int_equal(file_write(r.from, "mdmon/usr/sbin/mdmon", "program", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "to/etc", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "sys/block/vda", 0755), 0);
	trace_reset(0, 0);
	return r;
}

static void leave(const struct room *r)
{
	(void)close(r->sys);
	if (r->from >= 0)
		(void)close(r->from);
	(void)close(r->to);
}

static void add_array(const struct scratch *s, const char *name, const char *version)
{
	_cleanup_free_ char *dir = NULL, *file = NULL;

	assert_true(asprintf(&dir, "sys/block/%s/md", name) > 0);
	assert_int_equal(file_mkdir_parents(s->fd, dir, 0755), 0);
	assert_true(asprintf(&file, "%s/metadata_version", dir) > 0);
	scratch_write(s, file, version, strlen(version));
}

static bool is_staged(const struct room *r)
{
	struct stat st;

	return fstatat(r->to, "sbin/mdmon", &st, 0) == 0 && (st.st_mode & 07777) == 0755;
}

static void only_where_something_needs_it(void **state)
{
	static const struct {
		const char *name, *version;
		bool needed;
	} rows[] = {
		{ "md0", "1.2\n", false },
		{ "md0", "0.90\n", false },
		{ "md0", "none\n", false },
		{ "md127", "external:imsm\n", true },
		{ "md126", "external:/md127/0\n", true },
		{ "md126", "external:-md127/0\n", true },
		{ "sda", "external:imsm\n", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *scratch = NULL;
		struct room r;

		assert_int_equal(scratch_setup(&scratch), 0);
		r = furnish(scratch);
		add_array(scratch, rows[i].name, rows[i].version);
		helpers_stage(r.sys, r.from, r.to);
		assert_int_equal(is_staged(&r), rows[i].needed);
		leave(&r);
		assert_int_equal(scratch_teardown(&scratch), 0);
	}
}

static void the_image_lacks_it(void **state)
{
	static const char warning[] = "warning: cannot stage mdmon for md127: the image lacks it; its metadata may be "
				      "left dirty at power-off, ignoring\n";
	struct scratch *s = *state;
	struct room r = furnish(s);

	add_array(s, "md127", "external:ddf\n");
	assert_int_equal(renameat(r.from, "mdmon", r.from, "other"), 0);
	helpers_stage(r.sys, r.from, r.to);
	assert_string_equal(traced.text, warning);
	(void)close(TAKE_FD(r.from));
	trace_reset(0, 0);
	helpers_stage(r.sys, r.from, r.to);
	assert_string_equal(traced.text, warning);
	leave(&r);
}

static void it_cannot_be_copied(void **state)
{
	struct scratch *s = *state;
	struct room r = furnish(s);

	add_array(s, "md127", "external:ddf\n");
	assert_int_equal(file_write(r.to, "usr", "a file", 0644), 0);
	helpers_stage(r.sys, r.from, r.to);
	assert_string_equal(traced.text, "warning: cannot stage mdmon for md127: Not a directory; its metadata may be "
					 "left dirty at power-off, ignoring\n");
	leave(&r);
}

static void nothing_is_known(void **state)
{
	struct scratch *s = *state;
	struct room r = furnish(s);

	helpers_stage(-EBADF, r.from, r.to);
	assert_string_equal(traced.text, "");
	assert_false(is_staged(&r));
	leave(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_something_needs_it),
		cmocka_unit_test_setup_teardown(the_image_lacks_it, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(it_cannot_be_copied, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(nothing_is_known, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
