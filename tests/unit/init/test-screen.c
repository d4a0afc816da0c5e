/* SPDX-License-Identifier: MIT */
/*
 * test-screen: messages of the kernel, from a fifo in place of /dev/kmsg.
 * wrap: clock_monotonic
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/macro.h"
#include "init/screen.h"
#include "unit/scratch.h"

#define MS USEC_PER_MSEC

static uint64_t now;

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return now;
}

struct kernel {
	int fd;
	struct screen screen;
};

static void open_kernel(struct kernel *k, const struct scratch *s)
{
	char path[100];

	(void)snprintf(path, sizeof(path), "%s/kmsg", s->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	k->fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(k->fd >= 0);
	k->screen = (struct screen)SCREEN_NONE;
	screen_open(&k->screen, path);
	assert_true(k->screen.fd >= 0);
	k->screen.level = 5; /* as it may be on the machine that runs this */
	now = 1000 * MS;
}

static bool looks(struct kernel *k, const char *record)
{
	if (record)
		assert_int_equal(write(k->fd, record, strlen(record)), (ssize_t)strlen(record));
	return screen_is_disturbed(&k->screen, record ? POLLIN : 0);
}

static void close_kernel(struct kernel *k)
{
	screen_close(&k->screen);
	(void)close(k->fd);
}

/* Half a second after the last of them, and once. */
static void a_flood(void **state)
{
	struct kernel k;

	open_kernel(&k, *state);
	assert_false(looks(&k, NULL));
	assert_true(k.screen.quiet_at == USEC_FOREVER);
	assert_false(looks(&k, "4,1,1000,-;usb 1-1: new device\n"));
	assert_true(k.screen.quiet_at == 1500 * MS);
	now = 1400 * MS;
	assert_false(looks(&k, "28,2,1001,-;of a program: only the lower bits are the level\n"));
	assert_true(k.screen.quiet_at == 1900 * MS);
	now = 1899 * MS;
	assert_false(looks(&k, NULL));
	now = 1900 * MS;
	assert_true(looks(&k, NULL));
	assert_false(looks(&k, NULL));
	assert_true(k.screen.quiet_at == USEC_FOREVER);
	close_kernel(&k);
}

/* The console does not show them. */
static void quiet_messages(void **state)
{
	struct kernel k;

	open_kernel(&k, *state);
	assert_false(looks(&k, "6,1,1000,-;info\n"));
	assert_false(looks(&k, "5,1,1000,-;as the level itself\n"));
	assert_true(k.screen.quiet_at == USEC_FOREVER);
	close_kernel(&k);
}

static void no_messages(void **state)
{
	struct screen s = SCREEN_NONE;

	screen_open(&s, "/nowhere/kmsg");
	assert_int_equal(s.fd, -1);
	assert_false(screen_is_disturbed(&s, 0));
	screen_close(&s);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(a_flood), TEST(quiet_messages), TEST(no_messages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
