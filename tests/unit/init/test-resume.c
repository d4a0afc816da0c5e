/* SPDX-License-Identifier: MIT */
/*
 * test-resume: waking from hibernation, or going on without: it never fails the boot.
 * wrap: access await_device file_write clock_monotonic
 * wrap: log_line log_console log_errno
 */
#include "base/clock.h"
#include "base/file.h"
#include "init/run.h"
#include "init/stages.h"
#include "unit/trace.h"

#define T(s) ((char *)(s))
#define NOW  (5 * USEC_PER_SEC)

static struct device swap;
static bool hibernates;
static uint64_t deadline;

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return NOW;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	assert_string_equal(path, "/sys/power/resume");
	errno = ENOENT;
	return hibernates ? 0 : -1;
}

int __wrap_await_device(struct run *run, const struct want *want, const struct device **ret);
int __wrap_await_device(struct run *run, const struct want *want, const struct device **ret)
{
	int r = trace_call_errno("wait %s %s", want->what, want->spec->text);

	deadline = want->deadline;
	if (r == 0)
		*ret = &swap;
	return r;
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	return trace_call_errno("write %s: %.*s", path, (int)strcspn(text, "\n"), text);
}

static int setup(void **state)
{
	swap = (struct device){ .devname = T("vda2"), .devno = 0xfe02, .tags.type = T("swsuspend") };
	hibernates = true;
	trace_reset(0, 0);
	return 0;
}

static void stage(const char *words)
{
	struct run run = { .loop = LOOP_CLOSED };

	assert_int_equal(boot_parse(&(struct boot_text){ .kernel = words }, &run.boot), 0);
	assert_int_equal(resume(&run), 0);
	boot_free(&run.boot);
	attempts_free(&run.attempts);
	profile_free(&run.profile);
}

static void nothing_is_asked(void **state)
{
	stage("root=UUID=a");
	stage("resume=UUID=s noresume");
	assert_string_equal(traced.text, "");
}

static void kernel_cannot(void **state)
{
	hibernates = false;
	stage("resume=UUID=s");
	assert_string_equal(traced.text, "info: resume= is given, but this kernel cannot hibernate, ignoring\n");
}

static void no_image(void **state)
{
	swap.tags.type = T("swap");
	stage("resume=UUID=s");
	assert_string_equal(traced.text, "wait resume UUID=s\ninfo: vda2 holds no hibernation image\n");
	swap.tags.type = NULL;
	trace_reset(0, 0);
	stage("resume=/dev/vda2");
	assert_string_equal(traced.text, "wait resume /dev/vda2\ninfo: vda2 holds no hibernation image\n");
}

/* When it comes back, the kernel did not take the image. */
static void image(void **state)
{
	stage("resume=UUID=s");
	assert_string_equal(traced.text, "wait resume UUID=s\ninfo: resuming from vda2\n"
			    "write /sys/power/resume: 254:2\n"
			    "warning: the kernel did not resume from vda2, booting anew\n");
	trace_reset(2, EINVAL);
	stage("resume=UUID=s");
	assert_non_null(strstr(traced.text,
		"warning: the kernel did not resume from vda2: Invalid argument, booting anew\n"));
}

/* Left over from a disk long gone: half a minute, or less where root itself is given less. */
static void device_is_not_there(void **state)
{
	trace_reset(1, ETIMEDOUT);
	stage("resume=UUID=s");
	assert_string_equal(traced.text, "wait resume UUID=s\nwarning: booting without resume\n");
	assert_int_equal(deadline, NOW + 30 * USEC_PER_SEC);
	trace_reset(1, ETIMEDOUT);
	stage("resume=UUID=s rootwait");
	assert_int_equal(deadline, NOW + 30 * USEC_PER_SEC);
	trace_reset(1, ETIMEDOUT);
	stage("resume=UUID=s rd.timeout=3");
	assert_int_equal(deadline, NOW + 3 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_asked, setup),
		cmocka_unit_test_setup(kernel_cannot, setup),
		cmocka_unit_test_setup(no_image, setup),
		cmocka_unit_test_setup(image, setup),
		cmocka_unit_test_setup(device_is_not_there, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
