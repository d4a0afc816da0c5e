/* SPDX-License-Identifier: MIT */
/* test-tool: programs that are run for what they do, here real small ones. */
#include <errno.h>
#include <sys/mman.h>
#include <signal.h>
#include <time.h>

#include "base/file.h"
#include "base/macro.h"
#include "init/tool.h"
#include "unit/unit.h"

#define SH(text) (const char *const[]){ "sh", "-c", text, NULL }

static int run(const char *const argv[], const char *input, char **ret_said)
{
	_cleanup_close_ int fd = memfd_create("said", MFD_CLOEXEC);
	int r = tool_run(&(struct tool){ .argv = argv, .input = input, .input_size = input ? strlen(input) : 0 }, fd);

	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, 65536, ret_said, NULL), 0);
	return r;
}

static void what_it_says_and_its_exit_code(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run(SH("echo one; echo two >&2; exit 5"), NULL, &said), 5);
	assert_string_equal(said, "one\ntwo\n");
}

static void input(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run((const char *const[]){ "cat", NULL }, "no newline at its end", &said), 0);
	assert_string_equal(said, "no newline at its end");
}

static void no_input(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run((const char *const[]){ "cat", NULL }, NULL, &said), 0);
	assert_string_equal(said, "");
}

static void no_udev(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run(SH("echo $DM_DISABLE_UDEV $LC_ALL"), NULL, &said), 0);
	assert_string_equal(said, "1 C\n");
}

static void one_more_variable(void **state)
{
	_cleanup_close_ int fd = memfd_create("said", MFD_CLOEXEC);
	_cleanup_free_ char *said = NULL;
	const struct tool tool = {
		.argv = SH("echo $LC_ALL $ONE_MORE $MDADM_NO_SYSTEMCTL"),
		.variable = "ONE_MORE=word",
	};

	assert_true(fd >= 0);
	assert_int_equal(tool_run(&tool, fd), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_fd(fd, 65536, &said, NULL), 0);
	assert_string_equal(said, "C word 1\n");
}

static void not_there(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run((const char *const[]){ "/nowhere/tool", NULL }, NULL, &said), -ENOENT);
}

static void killed(void **state)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(run(SH("kill -9 $$"), NULL, &said), -EINTR);
}

/* mdadm starts mdmon, which stays and holds what it inherited. */
static void a_daemon_does_not_hold_us_up(void **state)
{
	_cleanup_free_ char *said = NULL;
	time_t before = time(NULL);

	assert_int_equal(run(SH("sleep 60 & echo $!"), NULL, &said), 0);
	assert_true(time(NULL) - before < 30);
	assert_int_equal(kill((pid_t)atoi(said), SIGKILL), 0);
}

static void last_line(void **state)
{
	static const struct {
		const char *said, *last;
	} rows[] = {
		{ "", "" },
		{ "\n \n", "" },
		{ "mdadm: no such array\n", "no such array" },
		{ "  Volume group \"vg\" not found\n  Cannot process vg\n\n", "Cannot process vg" },
		{ "Device x: already there", "Device x: already there" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *copy = strdup(rows[i].said);

		assert_string_equal(tool_last_line(copy), rows[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_and_its_exit_code), cmocka_unit_test(input), cmocka_unit_test(no_input),
		cmocka_unit_test(no_udev), cmocka_unit_test(one_more_variable),
		cmocka_unit_test(not_there), cmocka_unit_test(killed),
		cmocka_unit_test(a_daemon_does_not_hold_us_up), cmocka_unit_test(last_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
