/* SPDX-License-Identifier: MIT */
/* test-console: which consoles there are, and that none of them can hold us up. */
#include "base/clock.h"
#include "base/file.h"
#include "base/strv.h"
#include "shutdown/console.h"
#include "unit/scratch.h"

static void assert_paths(const char *active, const char *expected)
{
	_cleanup_strv_ char **paths = NULL;
	char text[256] = "";

	assert_int_equal(console_paths(active, &paths), 0);
	STRV_FOREACH(p, paths)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", *p);
	assert_string_equal(text, expected);
}

static void each_console_once(void **state)
{
	assert_paths("", "dev/console ");
	/* The last one is where /dev/console leads. */
	assert_paths("ttyS0\n", "dev/console ");
	assert_paths("tty0 ttyS0\n", "dev/console dev/tty0 ");
	assert_paths("tty0 ttyS1 hvc0", "dev/console dev/tty0 dev/ttyS1 ");
	assert_paths("../sda /dev/sda . tty0", "dev/console ");
}

static void assert_file(const struct scratch *s, const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(file_read(s->fd, path, 1000, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static void the_line_goes_to_all_of_them(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(file_mkdir_parents(s->fd, "dev", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "sys/class/tty/console", 0755), 0);
	assert_int_equal(console_write(s->fd, "nobody\n"), 0);
	scratch_write(s, "sys/class/tty/console/active", "tty0 ttyS9 ttyS0\n", 17);
	scratch_write(s, "dev/console", "before\n", 7);
	scratch_write(s, "dev/tty0", "", 0);
	scratch_write(s, "dev/ttyS0", "", 0);
	scratch_write(s, "dev/pmsg0", "", 0);
	/* ttyS9 is not there. */
	assert_int_equal(console_write(s->fd, "line\n"), 2);
	assert_file(s, "dev/console", "before\nline\n");
	assert_file(s, "dev/tty0", "line\n");
	assert_file(s, "dev/ttyS0", "");
	assert_file(s, "dev/pmsg0", "line\n");
}

/* A serial line that flow control has stopped: a fifo whose reader does not read. */
static void a_stopped_console_is_given_a_second(void **state)
{
	const struct scratch *s = *state;
	uint64_t began = clock_monotonic(), took;
	char block[4096];
	int fd;

	memset(block, 'x', sizeof(block));
	assert_int_equal(file_mkdir_parents(s->fd, "dev", 0755), 0);
	assert_int_equal(mkfifoat(s->fd, "dev/console", 0600), 0);
	fd = openat(s->fd, "dev/console", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(console_write(s->fd, "line\n"), 0);
	took = clock_monotonic() - began;
	assert_true(took >= USEC_PER_SEC / 2 && took < 5 * USEC_PER_SEC);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_console_once),
		cmocka_unit_test_setup_teardown(the_line_goes_to_all_of_them, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_stopped_console_is_given_a_second, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
