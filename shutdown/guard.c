/* SPDX-License-Identifier: MIT */
/* guard: feeds the watchdog, and ends the machine when PID 1 does not. */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "shutdown/guard.h"
#include "shutdown/sysrq.h"

#define FEED_USEC     (10 * USEC_PER_SEC) /* where the device does not tell its time-out */
#define FEED_MIN_USEC (USEC_PER_SEC / 2)

const char *guard_watchdog(int root, const char *device, uint64_t watchdog_usec)
{
	static const char *const usual[] = { "dev/watchdog0", "dev/watchdog" };

	if (watchdog_usec == 0)
		return NULL;
	if (device && startswith(device, "/dev/"))
		return device + 1;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (faccessat(root, usual[i], W_OK, 0) == 0)
			return usual[i];
	return NULL;
}

/* A quarter of its time-out, so that three may be missed. */
static uint64_t feed_interval(int fd)
{
	int seconds = 0;

	if (ioctl(fd, WDIOC_GETTIMEOUT, &seconds) < 0 || seconds <= 0)
		return FEED_USEC;
	return MAX((uint64_t)seconds * USEC_PER_SEC / 4, FEED_MIN_USEC);
}

static void sleep_until(uint64_t when)
{
	uint64_t now;

	while ((now = clock_monotonic()) < when)
		(void)poll(NULL, 0, clock_poll_ms(when, now));
}

/* Never closed with the magic 'V': it stays armed over the reboot. */
static void feed(const struct guard *g)
{
	_cleanup_close_ int fd = openat(g->root, g->watchdog, O_WRONLY | O_CLOEXEC);
	uint64_t interval, now;

	if (fd < 0) {
		log_warning("cannot open watchdog /%s: %s, ignoring", g->watchdog, strerror(errno));
		return;
	}
	interval = feed_interval(fd);
	while ((now = clock_monotonic()) < g->deadline) {
		(void)ioctl(fd, WDIOC_KEEPALIVE, NULL);
		sleep_until(MIN(clock_add(now, interval), g->deadline));
	}
}

void guard_watch(const struct guard *g)
{
	if (g->watchdog)
		feed(g);
	sleep_until(clock_add(g->deadline, g->grace));
	log_error("PID 1 has not ended in time, ending it: %s", g->verb->name);
	if (g->machine) {
		(void)sysrq_press(g->root, "su");
		/* Both only start work in the kernel. */
		sleep_until(clock_add(clock_monotonic(), 2 * USEC_PER_SEC));
	}
	(void)reboot(g->verb->command);
	(void)reboot(RB_AUTOBOOT);
	if (g->machine && g->verb->sysrq)
		(void)sysrq_press(g->root, (const char[]){ g->verb->sysrq, '\0' });
}

int guard_start(const struct guard *g, pid_t *ret)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		signals_reset();
		(void)prctl(PR_SET_NAME, "shutdown-guard");
		/* Locks are not inherited; it must run when memory is short. */
		(void)mlockall(MCL_CURRENT | MCL_FUTURE);
		guard_watch(g);
		_exit(0);
	}
	*ret = pid;
	return 0;
}
