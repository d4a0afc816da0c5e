/* SPDX-License-Identifier: MIT */
/*
 * test-exitrd: complete or not at all, whatever fails on the way.
 * wrap: openat fdopendir readdir fstatat readlinkat symlinkat mkdirat file_copy faccessat
 * wrap: log_line log_console log_errno
 */
#include <sys/stat.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/exitrd.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/scratch.h"
#include "unit/trace.h"

static bool counting; /* of the calls below those made for the code under test */

#define PASS(...) (!counting || trace_call(__VA_ARGS__) == 0)

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	return PASS("open %s", path) ? __real_openat(dirfd, path, flags, 0644) : -1;
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
	return PASS("list") ? __real_fdopendir(fd) : NULL;
}

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
	return PASS("next") ? __real_readdir(dir) : NULL;
}

int __real_fstatat(int dirfd, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return PASS("stat %s", path) ? __real_fstatat(dirfd, path, st, flags) : -1;
}

ssize_t __real_readlinkat(int dirfd, const char *path, char *buffer, size_t size);
ssize_t __wrap_readlinkat(int dirfd, const char *path, char *buffer, size_t size);
ssize_t __wrap_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
	return PASS("readlink %s", path) ? __real_readlinkat(dirfd, path, buffer, size) : -1;
}

int __real_symlinkat(const char *to, int dirfd, const char *path);
int __wrap_symlinkat(const char *to, int dirfd, const char *path);
int __wrap_symlinkat(const char *to, int dirfd, const char *path)
{
	return PASS("symlink %s", path) ? __real_symlinkat(to, dirfd, path) : -1;
}

int __real_mkdirat(int dirfd, const char *path, mode_t mode);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return PASS("mkdir %s", path) ? __real_mkdirat(dirfd, path, mode) : -1;
}

int __real_file_copy(int from, const char *name, int to, const char *new_name, mode_t mode);
int __wrap_file_copy(int from, const char *name, int to, const char *new_name, mode_t mode);
int __wrap_file_copy(int from, const char *name, int to, const char *new_name, mode_t mode)
{
	return PASS("copy %s", name) ? __real_file_copy(from, name, to, new_name, mode) : -errno;
}

int __real_faccessat(int dirfd, const char *path, int mode, int flags);
int __wrap_faccessat(int dirfd, const char *path, int mode, int flags);
int __wrap_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return PASS("access %s", path) ? __real_faccessat(dirfd, path, mode, flags) : -1;
}

struct trees {
	struct scratch *s;
	int from, to;
};

static void put(int dirfd, const char *path, const char *text, mode_t mode)
{
	assert_int_equal(file_write(dirfd, path, text, 0600), 0);
	assert_int_equal(fchmodat(dirfd, path, mode, 0), 0);
}

static int setup(void **state)
{
	struct trees *t = calloc(1, sizeof(*t));
	void *scratch = NULL;

	counting = false;
	if (scratch_setup(&scratch) < 0)
		return -1;
	t->s = scratch;
	assert_int_equal(file_mkdir_parents(t->s->fd, "from/etc", 0755), 0);
	assert_int_equal(file_mkdir_parents(t->s->fd, "from/usr/lib", 0755), 0);
	assert_int_equal(file_mkdir_parents(t->s->fd, "to", 0755), 0);
	t->from = openat(t->s->fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->to = openat(t->s->fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(t->from, "shutdown", "program", 0755);
	put(t->from, "etc/initrd-release", "ID=x\n", 0644);
	put(t->from, "usr/lib/helper", "helper", 04755);
	assert_int_equal(symlinkat("usr/lib", t->from, "lib"), 0);
	trace_reset(0, 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct trees *t = *state;
	void *scratch = t->s;

	counting = false;
	(void)close(t->from);
	(void)close(t->to);
	free(t);
	return scratch_teardown(&scratch);
}

static int stage(const struct trees *t)
{
	int r;

	counting = true;
	r = exitrd_stage(t->from, t->to);
	counting = false;
	return r;
}

static void holds(int dirfd, const char *path, const char *text, mode_t mode)
{
	_cleanup_free_ char *data = NULL;
	struct stat st;

	assert_int_equal(file_read(dirfd, path, 4096, &data, NULL), 0);
	assert_string_equal(data, text);
	assert_int_equal(fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static bool has_shutdown(const struct trees *t)
{
	return faccessat(t->to, "shutdown", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void copied_as_it_is(void **state)
{
	const struct trees *t = *state;
	char target[64] = "";
	struct stat st;

	assert_int_equal(stage(t), 0);
	holds(t->to, "shutdown", "program", 0755);
	holds(t->to, "etc/initrd-release", "ID=x\n", 0644);
	/* No set-user-ID bit comes along. */
	holds(t->to, "usr/lib/helper", "helper", 0755);
	assert_int_equal(readlinkat(t->to, "lib", target, sizeof(target)), 7);
	assert_string_equal(target, "usr/lib");
	assert_int_equal(fstatat(t->to, "etc", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void shutdown_is_last(void **state)
{
	static const char last[] = "stat shutdown\ncopy shutdown\nopen shutdown\nopen shutdown.new\n"
				   "access shutdown\n";
	const struct trees *t = *state;

	assert_int_equal(stage(t), 0);
	assert_true(endswith(traced.text, last));
	assert_ptr_equal(strstr(traced.text, "shutdown"), traced.text + traced.size - strlen(last) + strlen("stat "));
}

/* The stage is tried again, or the tree has grown: no error that something is there. */
static void copied_over_an_older_one(void **state)
{
	const struct trees *t = *state;

	assert_int_equal(stage(t), 0);
	put(t->from, "etc/initrd-release", "ID=y\n", 0644);
	put(t->from, "shutdown", "newer", 0755);
	assert_int_equal(stage(t), 0);
	holds(t->to, "etc/initrd-release", "ID=y\n", 0644);
	holds(t->to, "shutdown", "newer", 0755);
}

/* Each call fails once, over nothing and over an older exitrd: systemd must find no `shutdown`. */
static void each_call_fails(void **state)
{
	const struct trees *t = *state;
	unsigned int calls;

	assert_int_equal(stage(t), 0);
	calls = traced.calls;
	assert_in_range(calls, 30, 60);
	for (unsigned int i = 1; i <= 2 * calls; i++) {
		unsigned int call = (i + 1) / 2;
		int r;

		if (i % 2 == 0)
			assert_int_equal(stage(t), 0);
		trace_reset(call, EIO);
		r = stage(t);
		if (r != -EIO && r != -ENOMEM /* no list */)
			fail_msg("call %u: %d after %s", call, r, traced.text);
		/* Both directories are opened before either is judged. */
		assert_in_range(traced.calls, call, call + 1);
		assert_false(has_shutdown(t));
		trace_reset(0, 0);
	}
}

static void without_a_program_it_is_none(void **state)
{
	const struct trees *t = *state;

	assert_int_equal(unlinkat(t->from, "shutdown", 0), 0);
	assert_int_equal(stage(t), -ENOENT);
	put(t->from, "shutdown", "program", 0644);
	assert_int_equal(stage(t), -EACCES);
	assert_false(has_shutdown(t));
	/* A link to what is not there. */
	assert_int_equal(unlinkat(t->from, "shutdown", 0), 0);
	assert_int_equal(symlinkat("/nowhere", t->from, "shutdown"), 0);
	assert_int_equal(stage(t), -ENOENT);
	assert_false(has_shutdown(t));
}

/* A directory of the target that is a link could lead anywhere. */
static void links_in_the_target_are_not_followed(void **state)
{
	const struct trees *t = *state;

	assert_int_equal(mkdirat(t->s->fd, "elsewhere", 0755), 0);
	assert_int_equal(symlinkat("../elsewhere", t->to, "etc"), 0);
	assert_int_equal(stage(t), -ENOTDIR);
	assert_int_equal(faccessat(t->s->fd, "elsewhere/initrd-release", F_OK, 0), -1);
	assert_false(has_shutdown(t));
}

static void fifos_and_nodes_are_left_out(void **state)
{
	const struct trees *t = *state;

	assert_int_equal(mkfifoat(t->from, "fifo", 0644), 0);
	assert_int_equal(stage(t), 0);
	assert_int_equal(faccessat(t->to, "fifo", F_OK, 0), -1);
	assert_true(has_shutdown(t));
}

/* It never fails the boot. Nothing of that name is in the root of the machine that tests. */
static void stage_warns(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	if (access("/usr/lib/slipway/exitrd", F_OK) == 0)
		skip();
	trace_reset(0, 0);
	assert_int_equal(prepare_exitrd(&run), 0);
	assert_string_equal(traced.text,
			    "warning: cannot stage /run/initramfs/shutdown: No such file or directory; the "
			    "way back will be systemd's own, ignoring\n");
}

#define in_trees(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_trees(copied_as_it_is),
		in_trees(shutdown_is_last),
		in_trees(copied_over_an_older_one),
		in_trees(each_call_fails),
		in_trees(without_a_program_it_is_none),
		in_trees(links_in_the_target_are_not_followed),
		in_trees(fifos_and_nodes_are_left_out),
		cmocka_unit_test(stage_warns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
