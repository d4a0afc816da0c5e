/* SPDX-License-Identifier: MIT */
/*
 * test-fsck: what is run, what its exit code means, and what is left for the real system.
 * wrap: spawn_start spawn_wait file_write leave_now
 * wrap: log_line log_console log_errno
 */
#include <signal.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/spawn.h"
#include "base/strv.h"
#include "init/fsck.h"
#include "init/leave.h"
#include "unit/trace.h"

#define T(s)      ((char *)(s))
#define EXIT(n)   ((n) << 8) /* as waitpid(2) gives it */
#define MANY_RUNS 3
#define RESTARTED 1

/* What the checker does, run by run. */
static struct {
	int status[MANY_RUNS];
	const char *output;
	int start_error;
	int run;
} checker;

static jmp_buf end;

int __wrap_spawn_start(const struct spawn *s, pid_t *ret);
int __wrap_spawn_start(const struct spawn *s, pid_t *ret)
{
	char text[256] = "run";
	size_t n = strlen(text);

	for (const char *const *a = s->argv; *a; a++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", *a);
	trace_note("%s", text);
	assert_null(s->envp);
	assert_int_equal(s->stdout_fd, s->stderr_fd);
	if (checker.start_error)
		return checker.start_error;
	if (checker.output)
		assert_int_equal(file_write_fd(s->stdout_fd, checker.output, strlen(checker.output)), 0);
	/* It never ends by itself: the pipe's end must do. */
	*ret = getpid();
	return 0;
}

int __wrap_spawn_wait(pid_t pid, uint64_t deadline, int *ret_status);
int __wrap_spawn_wait(pid_t pid, uint64_t deadline, int *ret_status)
{
	/* A check takes the time it takes. */
	assert_int_equal(deadline, UINT64_MAX);
	assert_true(checker.run < MANY_RUNS);
	*ret_status = checker.status[checker.run++];
	return 0;
}

int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode);
int __wrap_file_write(int dirfd, const char *path, const char *text, mode_t mode)
{
	assert_int_equal(mode, 0644);
	return trace_call_errno("write %s: %.*s", path, (int)strcspn(text, "\n"), text);
}

_Noreturn void __wrap_leave_now(enum emergency how);
_Noreturn void __wrap_leave_now(enum emergency how)
{
	trace_note("leave %s", how == EMERGENCY_REBOOT ? "by a restart" : "?");
	longjmp(end, 1);
}

static struct device vda1 = { .name = T("vda1"), .devname = T("vda1") };

/* Runs the check of root. */
static int fsck(struct run *run, const char *fstype, struct fsck_result *ret)
{
	const struct fsck_request q = { &vda1, fstype, "root", "systemd-fsck-root.service" };
	int r;

	trace_reset(traced.fail, traced.error);
	checker.run = 0;
	r = fsck_run(run, &q, ret);
	/* In the profile, where one has run. */
	assert_int_equal(run->profile.n, ret->ran);
	if (ret->ran)
		assert_string_equal(run->profile.spans[0].name, "fsck vda1");
	profile_free(&run->profile);
	return r;
}

static void fsck_restarts(struct run *run, struct fsck_result *ret)
{
	trace_leaves(true);
	if (setjmp(end) == 0) {
		(void)fsck(run, "ext4", ret);
		fail_msg("came back");
	}
	trace_leaves(false);
}

static int setup(void **state)
{
	memset(&checker, 0, sizeof(checker));
	trace_reset(0, 0);
	return 0;
}

#define RUN  "run fsck.ext4 -a -C1 /dev/vda1\n"
#define KILLED "warning: fsck.ext4 was killed, trying once more\n"
#define LEFT(n) "write /run/initramfs/root-fsck: " #n "\nwrite /run/initramfs/fsck-root: " #n "\n"
#define UNMENDED(n)                                                                                             \
	"error: fsck of vda1 found errors that it does not mend by itself (exit code " #n "): ; boot with "     \
	"fsck.repair=yes, or with rd.shell=1 and repair it by hand\n"
#define USELESS(n) "warning: fsck of vda1 could not do its work (exit code " #n "): , ignoring\n"

static void each_exit_code(void **state)
{
	static const struct {
		int status[2];
		int r;
		int code;
		const char *trace;
	} rows[] = {
		{ { EXIT(0) }, 0, 0, RUN LEFT(0) },
		{ { EXIT(1) }, 0, 1, RUN LEFT(1) "notice: fsck of vda1 corrected errors\n" },
		{ { EXIT(2) },
		  RESTARTED,
		  2,
		  RUN LEFT(2) "warning: fsck of vda1 wants the machine restarted\nleave by a restart\n" },
		{ { EXIT(3) },
		  RESTARTED,
		  3,
		  RUN LEFT(3) "warning: fsck of vda1 wants the machine restarted\nleave by a restart\n" },
		{ { EXIT(4) }, -EUCLEAN, 4, RUN LEFT(4) UNMENDED(4) },
		{ { EXIT(5) }, -EUCLEAN, 5, RUN LEFT(5) UNMENDED(5) },
		{ { EXIT(12) }, -EUCLEAN, 12, RUN LEFT(12) UNMENDED(12) },
		{ { EXIT(8) }, 0, 8, RUN LEFT(8) USELESS(8) },
		{ { EXIT(9) }, 0, 9, RUN LEFT(9) USELESS(9) },
		{ { EXIT(16) }, 0, 16, RUN LEFT(16) USELESS(16) },
		{ { EXIT(32) },
		  -ECANCELED,
		  32,
		  RUN LEFT(32) "error: fsck of vda1 was ended by the user (exit code 32); fsck.mode=skip boots without "
			       "it\n" },
		{ { EXIT(36) }, -EUCLEAN, 36, RUN LEFT(36) UNMENDED(36) },
		{ { EXIT(128) }, 0, 128, RUN LEFT(128) USELESS(128) },
		/* Killed, by the kernel's lack of memory say: once more, and not twice. */
		{ { SIGKILL, EXIT(0) }, 0, 0, RUN KILLED RUN LEFT(0) },
		{ { SIGSEGV, EXIT(4) }, -EUCLEAN, 4, RUN KILLED RUN LEFT(4) UNMENDED(4) },
		{ { SIGKILL, SIGKILL },
		  0,
		  8,
		  RUN KILLED RUN "warning: cannot run fsck.ext4: Interrupted system call, ignoring\n" LEFT(8)
			  USELESS(8) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = { .loop = LOOP_CLOSED };
		struct fsck_result result = { 0 };

		memcpy(checker.status, rows[i].status, sizeof(rows[i].status));
		if (rows[i].r == RESTARTED)
			fsck_restarts(&run, &result);
		else
			assert_int_equal(fsck(&run, "ext4", &result), rows[i].r);
		assert_string_equal(traced.text, rows[i].trace);
		assert_true(result.ran);
		assert_int_equal(result.code, rows[i].code);
		assert_true(result.start > 0 && result.end >= result.start);
		if (rows[i].r != RESTARTED)
			assert_string_equal(result.unit, "systemd-fsck-root.service");
		free(result.unit);
	}
}

static void words_for_each_checker(void **state)
{
	static const struct {
		const char *fstype;
		enum fsck_mode mode;
		enum fsck_repair repair;
		const char *run;
	} rows[] = {
		{ "ext4", FSCK_AUTO, REPAIR_PREEN, "run fsck.ext4 -a -C1 /dev/vda1\n" },
		{ "ext4", FSCK_FORCE, REPAIR_PREEN, "run fsck.ext4 -a -f -C1 /dev/vda1\n" },
		{ "ext3", FSCK_FORCE, REPAIR_YES, "run fsck.ext3 -y -f -C1 /dev/vda1\n" },
		{ "ext2", FSCK_AUTO, REPAIR_NO, "run fsck.ext2 -n -C1 /dev/vda1\n" },
		{ "f2fs", FSCK_FORCE, REPAIR_PREEN, "run fsck.f2fs -a -f /dev/vda1\n" },
		{ "xfs", FSCK_FORCE, REPAIR_PREEN, "run fsck.xfs -a /dev/vda1\n" },
		{ "btrfs", FSCK_AUTO, REPAIR_PREEN, "run fsck.btrfs -a /dev/vda1\n" },
		{ "vfat", FSCK_FORCE, REPAIR_PREEN, "run fsck.vfat -a /dev/vda1\n" },
		{ "other", FSCK_FORCE, REPAIR_YES, "run fsck.other -y /dev/vda1\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run run = {
			.boot = { .fsck_mode = rows[i].mode, .fsck_repair = rows[i].repair }, .loop = LOOP_CLOSED,
		};
		struct fsck_result result = { 0 };

		assert_int_equal(fsck(&run, rows[i].fstype, &result), 0);
		if (!startswith(traced.text, rows[i].run))
			fail_msg("%s, not %s", traced.text, rows[i].run);
		free(result.unit);
	}
}

static void skipped_as_asked(void **state)
{
	struct run run = { .boot = { .fsck_mode = FSCK_SKIP }, .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_string_equal(traced.text, "info: fsck of vda1 is skipped, as asked\n");
	assert_false(result.ran);
}

/* No checker in the image: no code, so that the real system makes the check. */
static void none_in_the_image(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	checker.start_error = -ENOENT;
	assert_int_equal(fsck(&run, "zfs", &result), 0);
	assert_string_equal(traced.text,
			    "run fsck.zfs -a /dev/vda1\ninfo: no fsck.zfs in this image: vda1 is not checked\n");
	assert_false(result.ran);
	assert_null(result.unit);
}

/* Nobody misses what does nothing. */
static void needless(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	checker.start_error = -ENOENT;
	assert_int_equal(fsck(&run, "xfs", &result), 0);
	assert_string_equal(traced.text, "run fsck.xfs -a /dev/vda1\n");
	assert_false(result.ran);
}

static void cannot_be_run(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	checker.start_error = -ENOEXEC;
	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_string_equal(traced.text, RUN "warning: cannot run fsck.ext4: Exec format error, ignoring\n"
			    LEFT(8) USELESS(8));
	assert_int_equal(result.code, 8);
	free(result.unit);
}

static void code_that_cannot_be_written(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	traced.fail = 1;
	traced.error = ENOSPC;
	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_string_equal(traced.text, RUN "write /run/initramfs/root-fsck: 0\n"
			    "warning: cannot write /run/initramfs/root-fsck: No space left on device, ignoring\n"
			    "write /run/initramfs/fsck-root: 0\n");
	free(result.unit);
}

/* Its words go to the log line by line, its progress does not, and the error has the last of them. */
static void what_it_says(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	checker.status[0] = EXIT(4);
	checker.output = "/dev/vda1: UNEXPECTED\r\n1 20 100 /dev/vda1\n1 100 100 /dev/vda1\n\nRUN fsck\n2 0 0 /\nlast";
	assert_int_equal(fsck(&run, "ext4", &result), -EUCLEAN);
	assert_string_equal(traced.text, RUN
			    "info: fsck.ext4: /dev/vda1: UNEXPECTED\n"
			    "info: fsck.ext4: RUN fsck\n"
			    "info: fsck.ext4: 2 0 0 /\n"
			    "info: fsck.ext4: last\n" LEFT(4)
			    "error: fsck of vda1 found errors that it does not mend by itself (exit code 4): "
			    "/dev/vda1: UNEXPECTED; RUN fsck; 2 0 0 /; last; boot with fsck.repair=yes, or with "
			    "rd.shell=1 and repair it by hand\n");
	free(result.unit);
}

/* A line without an end, more of them than are kept: neither grows anything. */
static void it_says_too_much(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };
	char line[3000 + sizeof("\nlater\n")], lines[2001];

	memset(line, 'x', sizeof(line));
	strcpy(line + 3000, "\nlater\n");
	checker.output = line;
	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_non_null(strstr(traced.text, "\ninfo: fsck.ext4: later\n"));
	for (size_t i = 0; i < 2000; i++)
		lines[i] = i % 40 == 39 ? '\n' : 'y';
	memcpy(lines + 1960, "the last word", strlen("the last word"));
	lines[2000] = '\0';
	checker.output = lines;
	checker.status[0] = EXIT(4);
	assert_int_equal(fsck(&run, "ext4", &result), -EUCLEAN);
	assert_true(traced.size < 5000);
	assert_non_null(strstr(strstr(traced.text, "\nerror: "), "the last word"));
	free(result.unit);
}

/* The stage is tried again after a rescue: the last check counts, and nothing of the first is left. */
static void checked_again(void **state)
{
	struct run run = { .loop = LOOP_CLOSED };
	struct fsck_result result = { 0 };

	checker.status[0] = EXIT(4);
	assert_int_equal(fsck(&run, "ext4", &result), -EUCLEAN);
	checker.status[0] = EXIT(1);
	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_int_equal(result.code, 1);
	checker.start_error = -ENOENT;
	assert_int_equal(fsck(&run, "ext4", &result), 0);
	assert_false(result.ran);
	assert_null(result.unit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_exit_code, setup),
		cmocka_unit_test_setup(words_for_each_checker, setup),
		cmocka_unit_test_setup(skipped_as_asked, setup),
		cmocka_unit_test_setup(needless, setup),
		cmocka_unit_test_setup(none_in_the_image, setup),
		cmocka_unit_test_setup(cannot_be_run, setup),
		cmocka_unit_test_setup(code_that_cannot_be_written, setup),
		cmocka_unit_test_setup(what_it_says, setup),
		cmocka_unit_test_setup(it_says_too_much, setup),
		cmocka_unit_test_setup(checked_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
