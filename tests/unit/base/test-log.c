/* SPDX-License-Identifier: MIT */
/*
 * test-log: what reaches /dev/kmsg, the console and standard error, in how many write(2) calls.
 * wrap: open openat write
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/log.h"
#include "base/macro.h"
#include "unit/unit.h"

/* A place where lines go. */
struct place {
	bool absent; /* cannot be opened */
	int fd;      /* as the code under test has it now */
	int writes, opens;
	char text[4096];
	size_t size;
};

static struct place kmsg, console, standard_error;
static const char *printk; /* what /proc/sys/kernel/printk says */

static int place_open(struct place *p)
{
	errno = ENXIO;
	if (p->absent)
		return -1;
	p->opens++;
	/* What was open before is closed, and its number free. */
	kmsg.fd = console.fd = -1;
	p->fd = memfd_create("place", MFD_CLOEXEC);
	return p->fd;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	assert_true(flags & O_CLOEXEC);
	assert_true(flags & O_NOCTTY);
	if (streq(path, "/dev/kmsg"))
		return place_open(&kmsg);
	assert_string_equal(path, "/dev/console");
	return place_open(&console);
}

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	int fd;

	assert_string_equal(path, "/proc/sys/kernel/printk");
	errno = ENOENT;
	if (!printk)
		return -1;
	fd = memfd_create("printk", MFD_CLOEXEC);
	assert_int_equal(pwrite(fd, printk, strlen(printk), 0), (ssize_t)strlen(printk));
	return fd;
}

static void place_take(struct place *p, const void *data, size_t size)
{
	p->writes++;
	assert_true(p->size + size < sizeof(p->text));
	memcpy(p->text + p->size, data, size);
	p->size += size;
	p->text[p->size] = '\0';
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (fd == STDERR_FILENO)
		place_take(&standard_error, data, size);
	else if (fd == kmsg.fd)
		place_take(&kmsg, data, size);
	else if (fd == console.fd)
		place_take(&console, data, size);
	else
		fail_msg("write to %d", fd);
	return (ssize_t)size;
}

static int setup(void **state)
{
	kmsg = console = standard_error = (struct place){ .fd = -1 };
	printk = "7\t4\t1\t7\n";
	log_open("slipway-test", LOG_SINK_KMSG);
	log_set_level(LOG_INFO);
	log_set_stage(NULL);
	return 0;
}

/* LOG_DAEMON is 3 << 3; the kernel takes the facility from the number, too. */
static void kmsg_line_has_priority_ident_and_stage(void **state)
{
	log_warning("cannot find %s: %d", "x", 3);
	assert_string_equal(kmsg.text, "<28>slipway-test: cannot find x: 3\n");
	log_set_stage("root");
	log_info("mounted");
	assert_string_equal(
		kmsg.text,
		"<28>slipway-test: cannot find x: 3\n<30>slipway-test: root: mounted\n");
	assert_int_equal(kmsg.writes, 2);
	assert_int_equal(console.writes + standard_error.writes, 0);
}

/* The kernel's rate limit is one of an open file; see log.c. */
static void kmsg_is_opened_for_each_line(void **state)
{
	for (int i = 0; i < 20; i++)
		log_info("line");
	assert_int_equal(kmsg.opens, 20);
	assert_int_equal(kmsg.writes, 20);
}

static void standard_error_has_no_priority(void **state)
{
	log_open("slipway", LOG_SINK_STDERR);
	log_error("cannot %s", "this");
	assert_string_equal(standard_error.text, "slipway: cannot this\n");
	assert_int_equal(standard_error.writes, 1);
	assert_int_equal(kmsg.opens + console.opens, 0);
}

static void status_gives_way_to_a_line(void **state)
{
	log_open("slipway", LOG_SINK_STDERR);
	log_status(NULL);
	assert_int_equal(standard_error.writes, 0);
	log_status("one");
	log_status("two");
	log_debug("not said");
	log_error("three");
	log_error("four");
	log_status("five");
	log_status(NULL);
	log_status(NULL);
	assert_string_equal(standard_error.text, "\r\033[Kone\r\033[Ktwo\r\033[Kslipway: three\nslipway: four\n"
						 "\r\033[Kfive\r\033[K");
}

static void without_kmsg_it_is_standard_error(void **state)
{
	kmsg.absent = true;
	log_set_stage("api");
	log_error("lost?");
	assert_string_equal(standard_error.text, "slipway-test: api: lost?\n");
	assert_int_equal(standard_error.writes, 1);
	assert_int_equal(console.writes, 0);
}

static void level_drops_what_is_less_urgent(void **state)
{
	log_debug("no");
	assert_int_equal(kmsg.writes, 0);
	log_set_level(LOG_DEBUG);
	assert_int_equal(log_get_level(), LOG_DEBUG);
	log_debug("yes");
	assert_string_equal(kmsg.text, "<31>slipway-test: yes\n");
	log_set_level(LOG_ERR);
	log_warning("no");
	assert_int_equal(kmsg.writes, 1);
}

/* `quiet` makes the console's level 4, `loglevel=3` hides errors: nobody would see why the boot
 * ended. */
static void error_reaches_a_console_that_the_kernel_keeps_quiet(void **state)
{
	static const struct {
		const char *printk;
		int console;
	} rows[] = {
		{ "7\t4\t1\t7\n", 0 }, { "4\t4\t1\t7\n", 0 }, { "3\t4\t1\t7\n", 1 },
		{ "1\t4\t1\t7\n", 1 }, { NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		printk = rows[i].printk;
		log_error("bad");
		assert_string_equal(kmsg.text, "<27>slipway-test: bad\n");
		assert_int_equal(console.writes, rows[i].console);
		if (console.writes)
			assert_string_equal(console.text, "slipway-test: bad\n");
		log_warning("not so bad");
		assert_int_equal(console.writes, rows[i].console);
	}
}

static void console_line_is_shown_once(void **state)
{
	/* The kernel shows it … */
	log_console(LOG_NOTICE, "result=%s", "clean");
	assert_int_equal(console.writes, 0);
	assert_int_equal(kmsg.writes, 1);
	/* … or we do. */
	printk = "5\t4\t1\t7\n";
	log_console(LOG_NOTICE, "result=%s", "clean");
	assert_string_equal(console.text, "slipway-test: result=clean\n");
	assert_int_equal(kmsg.writes, 2);
	/* The level does not hide it. */
	log_set_level(LOG_ERR);
	log_console(LOG_NOTICE, "again");
	assert_int_equal(kmsg.writes, 3);
	assert_int_equal(console.writes, 2);
}

static void control_bytes_become_spaces(void **state)
{
	log_info("label %s", "a\nb\rc\x1b[2J\td\x7f" "e\x01" "v\xc3\xb6");
	assert_string_equal(kmsg.text, "<30>slipway-test: label a b c [2J d e v\xc3\xb6\n");
	assert_int_equal(kmsg.writes, 1);
}

/* LOG_LINE_MAX less the kernel's own prefix: a longer write(2) is refused with EINVAL and the
 * line lost. */
static void long_line_is_cut_and_ends_in_a_newline(void **state)
{
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_set_stage("root");
	log_info("%s", text);
	assert_int_equal(kmsg.writes, 1);
	assert_in_range(kmsg.size, 900, 976);
	assert_int_equal(kmsg.text[kmsg.size - 1], '\n');
	assert_int_equal(kmsg.text[kmsg.size - 2], 'x');

	/* Whatever its length is, it is one line. */
	for (size_t n = 900; n < 1000; n++) {
		kmsg.size = 0;
		log_info("%.*s", (int)n, text);
		assert_int_equal(strcspn(kmsg.text, "\n"), kmsg.size - 1);
	}
}

static void errno_is_appended_and_returned(void **state)
{
	assert_int_equal(log_errno(-ENOENT, "cannot open %s", "/x"), -ENOENT);
	assert_string_equal(kmsg.text,
			    "<27>slipway-test: cannot open /x: No such file or directory\n");
}

static void crash_line_is_written_as_it_is(void **state)
{
	log_crash("<2>slipway: SIGSEGV\n");
	assert_string_equal(kmsg.text, "<2>slipway: SIGSEGV\n");
	assert_string_equal(standard_error.text, "<2>slipway: SIGSEGV\n");
	kmsg.absent = true;
	log_crash("again\n");
	assert_int_equal(standard_error.writes, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(kmsg_line_has_priority_ident_and_stage, setup),
		cmocka_unit_test_setup(kmsg_is_opened_for_each_line, setup),
		cmocka_unit_test_setup(standard_error_has_no_priority, setup),
		cmocka_unit_test_setup(status_gives_way_to_a_line, setup),
		cmocka_unit_test_setup(without_kmsg_it_is_standard_error, setup),
		cmocka_unit_test_setup(level_drops_what_is_less_urgent, setup),
		cmocka_unit_test_setup(error_reaches_a_console_that_the_kernel_keeps_quiet, setup),
		cmocka_unit_test_setup(console_line_is_shown_once, setup),
		cmocka_unit_test_setup(control_bytes_become_spaces, setup),
		cmocka_unit_test_setup(long_line_is_cut_and_ends_in_a_newline, setup),
		cmocka_unit_test_setup(errno_is_appended_and_returned, setup),
		cmocka_unit_test_setup(crash_line_is_written_as_it_is, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
