/* SPDX-License-Identifier: MIT */
/*
 * test-asked: the stage that reads the image's words and the kernel's. The root is a scratch directory.
 * wrap: open file_read
 * wrap: log_line log_console log_errno log_set_level
 */
#include "base/file.h"
#include "base/log.h"
#include "base/macro.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/sysfs.h"
#include "unit/trace.h"

static const char *root, *kernel; /* NULL: /proc/cmdline cannot be read */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(streq(path, "/") ? root : path, flags, 0644);
}

int __real_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size);
int __wrap_file_read(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size)
{
	if (!streq(path, "/proc/cmdline"))
		return __real_file_read(dirfd, path, max, ret, ret_size);
	return kernel ? string_set(ret, kernel) : -EACCES;
}

void __wrap_log_set_level(int level);
void __wrap_log_set_level(int level)
{
	trace_note("level %s", trace_level(level));
}

static int setup(void **state)
{
	const struct scratch *s;

	if (scratch_setup(state) < 0)
		return -1;
	s = *state;
	root = s->path;
	trace_reset(0, 0);
	return 0;
}

static void kernel_alone(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	kernel = "root=/dev/vda1 quiet\n";
	assert_int_equal(read_cmdline(&run), 0);
	assert_string_equal(run.boot.root.spec.text, "/dev/vda1");
	assert_string_equal(traced.text, "level info\n");
	boot_free(&run.boot);
}

static void images_words_and_the_kernels(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	sysfs_write(*state, "/etc/cmdline.d/20-b.conf", "rootflags=b rd.debug");
	sysfs_write(*state, "/etc/cmdline.d/10-a.conf",
		    "rootflags=a root=/dev/image\n # rootfstype=no\nmount.usr=x\n#rw\n");
	sysfs_write(*state, "/etc/cmdline.d/readme", "rootfstype=no\n");
	kernel = "root=/dev/vda1\n";
	assert_int_equal(read_cmdline(&run), 0);
	assert_string_equal(run.boot.root.spec.text, "/dev/vda1");
	assert_string_equal(run.boot.root.flags, "b");
	assert_null(run.boot.root.fstype);
	assert_string_equal(traced.text,
		"level debug\n"
		"warning: mount.usr=x on the command line is not understood (allowed: UUID=, LABEL=, PARTUUID=, "
		"PARTLABEL=, /dev/NAME, /dev/disk/by-*/NAME, MAJOR:MINOR), ignoring\n");

	/* Read anew after a rescue: nothing of the first time is left. */
	kernel = "";
	assert_int_equal(unlinkat(((struct scratch *)*state)->fd, "etc/cmdline.d/10-a.conf", 0), 0);
	assert_int_equal(read_cmdline(&run), 0);
	assert_int_equal(run.boot.root.spec.kind, SPEC_NONE);
	assert_null(run.boot.warnings);
	boot_free(&run.boot);
}

static void what_cannot_be_read(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };

	sysfs_write(*state, "/etc/cmdline.d/a.conf/x", "a directory, not a file\n");
	kernel = "root=/dev/vda1\n";
	assert_int_equal(read_cmdline(&run), 0);
	assert_string_equal(run.boot.root.spec.text, "/dev/vda1");
	assert_string_equal(traced.text,
			    "warning: cannot read /etc/cmdline.d: Is a directory, ignoring\nlevel info\n");
	boot_free(&run.boot);
	trace_reset(0, 0);
	kernel = NULL;
	assert_int_equal(read_cmdline(&run), -EACCES);
	assert_true(endswith(traced.text, "error: cannot read /proc/cmdline: Permission denied\n"));
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(kernel_alone),
		in_scratch(images_words_and_the_kernels),
		in_scratch(what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
