/* SPDX-License-Identifier: MIT */
/*
 * test-rootfile: the host is mounted where the booted system finds it, then the file is attached; and what systemd is
 * told of that.
 * wrap: filesystem_mount loopdev_attach mount_is_mountpoint file_mkdir_parents unit_write unit_remove
 * wrap: log_line log_console log_errno
 */
#include "base/file.h"
#include "init/filesystem.h"
#include "init/loopdev.h"
#include "init/rootfile.h"
#include "init/unit.h"
#include "unit/trace.h"

static bool mounted;

int __wrap_filesystem_mount(struct run *run, const struct filesystem *fs, struct fsck_result *ret_fsck, dev_t *ret_dev);
int __wrap_filesystem_mount(struct run *run, const struct filesystem *fs, struct fsck_result *ret_fsck, dev_t *ret_dev)
{
	assert_true(fs->check);
	assert_true(string_set(&ret_fsck->unit, fs->unit) == 0);
	return trace_call_errno("mount %s %s %s %s,%s on %s", fs->what, fs->spec->text, fs->fstype ? fs->fstype : "-",
				fs->access ? fs->access : "-", fs->options ? fs->options : "-", fs->target);
}

int __wrap_loopdev_attach(struct run *run, const struct loop_file *f, char **ret);
int __wrap_loopdev_attach(struct run *run, const struct loop_file *f, char **ret)
{
	assert_string_equal(f->dir, "/run/slipway/host");
	assert_string_equal(f->as, "the root's disk");
	assert_true(f->direct && !f->read_only);
	return trace_call_errno("attach %s", f->path);
}

bool __wrap_mount_is_mountpoint(const char *path);
bool __wrap_mount_is_mountpoint(const char *path)
{
	return mounted && streq(path, "/run/slipway/host");
}

int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode);
int __wrap_file_mkdir_parents(int dirfd, const char *path, mode_t mode)
{
	return trace_call_errno("mkdir %s %o", path, mode);
}

int __wrap_unit_write(const char *unit, const char *text);
int __wrap_unit_write(const char *unit, const char *text)
{
	assert_non_null(strstr(text, "\n[Unit]\nDefaultDependencies=no\n"));
	return trace_call_errno("unit %s", unit);
}

void __wrap_unit_remove(const char *unit);
void __wrap_unit_remove(const char *unit)
{
	trace_note("no unit %s", unit);
}

static int setup(void **state)
{
	mounted = false;
	trace_reset(0, 0);
	return 0;
}

static int opened(const char *words)
{
	struct run run = { .loop = LOOP_CLOSED };
	int r;

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words }, &run.boot), 0);
	r = rootfile_open(&run);
	boot_free(&run.boot);
	return r;
}

#define MKDIR "mkdir /run/slipway/host 755\n"

static void host_then_file(void **state)
{
	static const struct {
		const char *words, *mount;
	} rows[] = {
		/* For writing whatever the root is to be, unless the host itself is said to be ro. */
		{ "root=UUID=h loop=/r ro", "mount host UUID=h - rw,- on /run/slipway/host\n" },
		{ "root=UUID=h loop=/r rootfstype=xfs rootflags=noatime",
		  "mount host UUID=h xfs rw,noatime on /run/slipway/host\n" },
		{ "root=UUID=h loop=/r rootflags=noatime,ro",
		  "mount host UUID=h - -,noatime,ro on /run/slipway/host\n" },
		{ "root=UUID=r img_dev=UUID=h img_flags=ro img_loop=/r",
		  "mount host UUID=h - -,ro on /run/slipway/host\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *expected = NULL;

		trace_reset(0, 0);
		assert_int_equal(opened(rows[i].words), 0);
		assert_true(asprintf(&expected, MKDIR "%sattach /r\n", rows[i].mount) > 0);
		assert_string_equal(traced.text, expected);
	}
}

/* The stage is tried again, or somebody has mounted it by hand. */
static void mounted_already(void **state)
{
	mounted = true;
	assert_int_equal(opened("root=UUID=h loop=/r"), 0);
	assert_string_equal(traced.text, MKDIR "attach /r\n");
}

/* Whatever is attached there was meant. */
static void attached_already(void **state)
{
	struct device dev = { .name = (char *)"loop0", .file = (char *)"/run/slipway/host/other" }, *items[] = { &dev };
	struct run run = { .devices = { .items = items, .n = 1 }, .loop = LOOP_CLOSED };

	mounted = true;
	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = "root=UUID=h loop=/r" }, &run.boot), 0);
	assert_int_equal(rootfile_open(&run), 0);
	assert_string_equal(traced.text, MKDIR);
	boot_free(&run.boot);
}

static void each_call_fails(void **state)
{
	static const char *const texts[] = {
		MKDIR "error: cannot make /run/slipway/host: Input/output error\n",
		MKDIR "mount host UUID=h - rw,- on /run/slipway/host\n",
		MKDIR "mount host UUID=h - rw,- on /run/slipway/host\nattach /r\n",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		trace_reset(i + 1, EIO);
		assert_int_equal(opened("root=UUID=h loop=/r"), -EIO);
		assert_string_equal(traced.text, texts[i]);
	}
}

static void no_host_is_named(void **state)
{
	assert_int_equal(opened("loop=/r"), -EDESTADDRREQ);
	assert_non_null(strstr(traced.text, "error: no device is given for the file /r: "));
}

static void unit(void **state)
{
	struct boot b;

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = "root=UUID=h loop=/r" }, &b), 0);
	assert_int_equal(rootfile_write_unit(&b), 0);
	rootfile_remove_unit(&b);
	assert_string_equal(traced.text, "unit run-slipway-host.mount\nno unit run-slipway-host.mount\n");
	boot_free(&b);

	trace_reset(0, 0);
	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = "root=UUID=h" }, &b), 0);
	assert_int_equal(rootfile_write_unit(&b), 0);
	rootfile_remove_unit(&b);
	assert_string_equal(traced.text, "");
	boot_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(host_then_file, setup),   cmocka_unit_test_setup(mounted_already, setup),
		cmocka_unit_test_setup(each_call_fails, setup),  cmocka_unit_test_setup(no_host_is_named, setup),
		cmocka_unit_test_setup(unit, setup),             cmocka_unit_test_setup(attached_already, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
