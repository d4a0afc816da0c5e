/* SPDX-License-Identifier: MIT */
/*
 * test-check: what is looked at before anything is moved. /sysroot is a scratch directory.
 * wrap: open
 * wrap: log_line log_console log_errno
 */
#include "base/file.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/program.h"
#include "unit/trace.h"

static const char *sysroot; /* NULL: not there */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	errno = ENOENT;
	if (!streq(path, "/sysroot"))
		return __real_open(path, flags, 0644);
	return sysroot ? __real_open(sysroot, flags) : -1;
}

static int setup(void **state)
{
	struct program plain = program(NULL);
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	sysroot = s->path;
	assert_int_equal(file_mkdir_parents(s->fd, "sbin", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "etc", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "bin", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "usr/lib/systemd", 0755), 0);
	put_program(s, "bin/sh", &plain);
	trace_reset(0, 0);
	return 0;
}

static int check(const char *asked, struct next_init *ret)
{
	struct run run = { .boot.init = (char *)asked, .loop = LOOP_CLOSED };
	int r = check_init(&run);

	free(ret->path);
	*ret = run.next;
	return r;
}

#define THE_SH                                                                  \
	"info: /sbin/init cannot be executed: No such file or directory\n"      \
	"info: /etc/init cannot be executed: No such file or directory\n"       \
	"info: /bin/init cannot be executed: No such file or directory\n"

static void first_that_can_be_executed(void **state)
{
	static const char *const order[] = { "/bin/sh", "/bin/init", "/etc/init", "/sbin/init" };
	const struct scratch *s = *state;
	struct program plain = program(NULL);
	struct next_init next = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (i > 0)
			put_program(s, order[i] + 1, &plain);
		assert_int_equal(check(NULL, &next), 0);
		assert_string_equal(next.path, order[i]);
		assert_false(next.systemd);
		if (i == 0)
			assert_string_equal(traced.text, THE_SH);
	}
	put_program(s, "etc/mine", &plain);
	assert_int_equal(check("/etc/mine", &next), 0);
	assert_string_equal(next.path, "/etc/mine");
	free(next.path);
}

static void asked_one_is_no_program(void **state)
{
	struct next_init next = { 0 };

	put_text(*state, "etc/mine", "#!/missing\n");
	assert_int_equal(check("/etc/mine", &next), 0);
	assert_string_equal(next.path, "/bin/sh");
	assert_string_equal(traced.text,
			    "warning: init=/etc/mine cannot be executed: its interpreter /missing: "
			    "No such file or directory; trying the usual ones\n" THE_SH);
	free(next.path);
}

static void no_init_at_all(void **state)
{
	const struct scratch *s = *state;
	struct next_init next = { 0 };

	assert_int_equal(unlinkat(s->fd, "bin/sh", 0), 0);
	assert_int_equal(check(NULL, &next), -ENOEXEC);
	assert_null(next.path);
	assert_non_null(strstr(traced.text, "error: the root has no init that can be executed: looked for /sbin/init, "
					    "/etc/init, /bin/init, /bin/sh "
					    "in it; is root= the right file system?\n"));
	trace_reset(0, 0);
	assert_int_equal(check("/x", &next), -ENOEXEC);
	assert_non_null(strstr(traced.text, "looked for /x, /sbin/init, "));
}

/* By device and inode, as systemctl switch-root asks; a name or a link alone says nothing. */
static void is_it_systemd(void **state)
{
	const struct scratch *s = *state;
	struct program plain = program(NULL);
	struct next_init next = { 0 };

	put_program(s, "usr/lib/systemd/systemd", &plain);
	assert_int_equal(symlinkat("/usr/lib/systemd/systemd", s->fd, "sbin/init"), 0);
	assert_int_equal(check(NULL, &next), 0);
	assert_string_equal(next.path, "/sbin/init");
	assert_true(next.systemd);

	/* The same file by a hard link. */
	assert_int_equal(linkat(s->fd, "usr/lib/systemd/systemd", s->fd, "etc/init", 0), 0);
	assert_int_equal(check("/etc/init", &next), 0);
	assert_true(next.systemd);

	/* A copy, or a script that starts it later. */
	put_program(s, "etc/copy", &plain);
	assert_int_equal(check("/etc/copy", &next), 0);
	assert_false(next.systemd);
	put_text(s, "etc/script", "#!/usr/lib/systemd/systemd\n");
	assert_int_equal(check("/etc/script", &next), 0);
	assert_false(next.systemd);

	/* Without merged /usr. */
	assert_int_equal(file_mkdir_parents(s->fd, "lib/systemd", 0755), 0);
	put_program(s, "lib/systemd/systemd", &plain);
	assert_int_equal(check("/lib/systemd/systemd", &next), 0);
	assert_true(next.systemd);
	free(next.path);
}

static void directories_are_made(void **state)
{
	static const char *const names[] = { "dev", "proc", "sys", "run" };
	const struct scratch *s = *state;
	struct next_init next = { 0 };

	for (int twice = 0; twice < 2; twice++)
		assert_int_equal(check(NULL, &next), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat st;

		assert_int_equal(fstatat(s->fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(S_ISDIR(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0755);
	}
	free(next.path);
}

/* A mount moved onto a link would lie where the link leads. */
static void what_is_no_directory(void **state)
{
	const struct scratch *s = *state;
	struct next_init next = { 0 };

	assert_int_equal(symlinkat("etc", s->fd, "run"), 0);
	assert_int_equal(check(NULL, &next), -ENOTDIR);
	assert_non_null(strstr(traced.text, "error: cannot switch into the root: its /run is no directory\n"));
	assert_int_equal(unlinkat(s->fd, "run", 0), 0);
	assert_int_equal(unlinkat(s->fd, "proc", AT_REMOVEDIR), 0);
	scratch_write(s, "proc", "x", 1);
	assert_int_equal(check(NULL, &next), -ENOTDIR);
	assert_non_null(strstr(traced.text, "its /proc is no directory\n"));
	free(next.path);
}

static void no_sysroot(void **state)
{
	struct next_init next = { 0 };

	sysroot = NULL;
	assert_int_equal(check(NULL, &next), -ENOENT);
	assert_string_equal(traced.text, "error: cannot open /sysroot: No such file or directory\n");
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(first_that_can_be_executed),
		in_scratch(asked_one_is_no_program),
		in_scratch(no_init_at_all),
		in_scratch(is_it_systemd),
		in_scratch(directories_are_made),
		in_scratch(what_is_no_directory),
		in_scratch(no_sysroot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
