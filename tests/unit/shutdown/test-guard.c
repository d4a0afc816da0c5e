/* SPDX-License-Identifier: MIT */
/*
 * test-guard: the watchdog is fed until the deadline and not after it; then the machine is ended.
 * wrap: reboot ioctl clock_monotonic poll
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <sys/reboot.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "shutdown/guard.h"
#include "unit/scratch.h"
#include "unit/shutdown/harmless.h"

static uint64_t now;
static uint64_t last_fed;
static unsigned int fed;
static int timeout_seconds; /* what the device says; 0: it does not */
static char trace[256];

uint64_t __wrap_clock_monotonic(void);
uint64_t __wrap_clock_monotonic(void)
{
	return now;
}

/* Time passes here. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	assert_int_equal(n, 0);
	assert_true(ms > 0);
	now += (uint64_t)ms * USEC_PER_MSEC;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, int *argument);
int __wrap_ioctl(int fd, unsigned long request, int *argument)
{
	if (request == WDIOC_KEEPALIVE) {
		assert_true(now - last_fed <= (uint64_t)(timeout_seconds ? timeout_seconds : 40) * USEC_PER_SEC / 4);
		last_fed = now;
		fed++;
		return 0;
	}
	assert_int_equal(request, WDIOC_GETTIMEOUT);
	if (!timeout_seconds) {
		errno = EOPNOTSUPP;
		return -1;
	}
	*argument = timeout_seconds;
	return 0;
}

int __wrap_reboot(int howto);
int __wrap_reboot(int howto)
{
	(void)snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%08x ", (unsigned int)howto);
	return -1;
}

static struct guard begin(const struct scratch *s, const char *verb, int seconds)
{
	now = last_fed = 1000 * USEC_PER_SEC;
	fed = 0;
	trace[0] = '\0';
	timeout_seconds = seconds;
	assert_int_equal(file_mkdir_parents(s->fd, "dev", 0755), 0);
	assert_int_equal(file_mkdir_parents(s->fd, "proc", 0755), 0);
	scratch_write(s, "dev/watchdog0", "", 0);
	scratch_write(s, "proc/sysrq-trigger", "", 0);
	return (struct guard){
		.root = s->fd,
		.verb = verb_find(verb),
		.deadline = now + 90 * USEC_PER_SEC,
		.grace = 30 * USEC_PER_SEC,
		.machine = true,
		.watchdog = "dev/watchdog0",
	};
}

static void assert_pressed(const struct scratch *s, const char *keys)
{
	_cleanup_free_ char *pressed = NULL;

	assert_int_equal(file_read(s->fd, "proc/sysrq-trigger", 100, &pressed, NULL), 0);
	assert_string_equal(pressed, keys);
}

/* The file that stands for sysrq-trigger keeps the bytes of one opening: a second one writes over the first. */
static void it_feeds_and_then_ends_the_machine(void **state)
{
	struct guard g = begin(*state, "poweroff", 20);

	guard_watch(&g);
	assert_int_equal(fed, 18); /* every 5 of 90 seconds */
	assert_int_equal(last_fed, 1085 * USEC_PER_SEC);
	assert_true(now >= g.deadline + g.grace);
	assert_string_equal(trace, "4321fedc 01234567 ");
	assert_pressed(*state, "ou");
}

static void a_device_that_does_not_tell_its_time(void **state)
{
	struct guard g = begin(*state, "reboot", 0);

	guard_watch(&g);
	assert_int_equal(fed, 9);
	assert_pressed(*state, "bu");
}

static void a_halt_is_not_turned_into_something_else_by_sysrq(void **state)
{
	struct guard g = begin(*state, "halt", 20);

	guard_watch(&g);
	assert_string_equal(trace, "cdef0123 01234567 ");
	assert_pressed(*state, "su");
}

static void in_a_namespace_no_sysrq(void **state)
{
	struct guard g = begin(*state, "poweroff", 20);

	g.machine = false;
	g.watchdog = NULL;
	guard_watch(&g);
	assert_int_equal(fed, 0);
	assert_pressed(*state, "");
	assert_string_equal(trace, "4321fedc 01234567 ");
}

static void a_watchdog_that_cannot_be_opened(void **state)
{
	struct guard g = begin(*state, "poweroff", 20);

	log_set_level(LOG_ERR);
	g.watchdog = "dev/watchdog7";
	guard_watch(&g);
	assert_int_equal(fed, 0);
	assert_string_equal(trace, "4321fedc 01234567 ");
}

static void which_device_it_is(void **state)
{
	const struct scratch *s = *state;

	(void)begin(s, "poweroff", 20);
	assert_string_equal(guard_watchdog(s->fd, NULL, USEC_PER_SEC), "dev/watchdog0");
	/* systemd tells it when it was configured. */
	assert_string_equal(guard_watchdog(s->fd, "/dev/watchdog1", USEC_PER_SEC), "dev/watchdog1");
	assert_string_equal(guard_watchdog(s->fd, "watchdog1", USEC_PER_SEC), "dev/watchdog0");
	/* Not armed: opening it would arm it. */
	assert_null(guard_watchdog(s->fd, "/dev/watchdog1", 0));
	assert_int_equal(renameat(s->fd, "dev/watchdog0", s->fd, "dev/watchdog"), 0);
	assert_string_equal(guard_watchdog(s->fd, NULL, USEC_PER_SEC), "dev/watchdog");
	assert_int_equal(unlinkat(s->fd, "dev/watchdog", 0), 0);
	assert_null(guard_watchdog(s->fd, NULL, USEC_PER_SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_feeds_and_then_ends_the_machine, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_device_that_does_not_tell_its_time, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(a_halt_is_not_turned_into_something_else_by_sysrq, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(in_a_namespace_no_sysrq, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_watchdog_that_cannot_be_opened, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(which_device_it_is, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, harmless_setup, NULL);
}
