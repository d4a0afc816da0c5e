/* SPDX-License-Identifier: MIT */
/* leave: when the boot cannot go on. */
#include <errno.h>
#include <sys/reboot.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "init/leave.h"
#include "init/run.h"
#include "init/unserved.h"

#define PAUSE_SECONDS 30

_Noreturn void leave_now(enum emergency how)
{
	static const int commands[] = {
		[EMERGENCY_REBOOT] = RB_AUTOBOOT,
		[EMERGENCY_POWEROFF] = RB_POWER_OFF,
		[EMERGENCY_HALT] = RB_HALT_SYSTEM,
	};

	sync();
	if (how != EMERGENCY_EXIT)
		(void)reboot(commands[how]);
	/* The kernel panics when PID 1 ends, and does what panic= says. */
	_exit(1);
}

static void write_report(const struct run *run, const char *stage)
{
	_cleanup_free_ char *devices = devices_describe(&run->devices), *text = NULL;
	_cleanup_free_ char *unserved = unserved_describe(run->modules.unserved);
	const char *root = boot_root_text(&run->boot);

	if (asprintf(&text, "failed: %s\nroot: %s\ndevices: %s\nno module for: %s\n", stage,
		     root ? root : "not given", devices ? devices : "?",
		     unserved ? unserved : "nothing") < 0)
		return;
	(void)file_write(AT_FDCWD, "/run/slipway/report", text, 0600);
}

_Noreturn void leave_after_failure(struct run *run, const char *stage)
{
	static const char *const hows[] = {
		[EMERGENCY_EXIT] = "leaving it to the kernel's panic= setting",
		[EMERGENCY_REBOOT] = "restarting",
		[EMERGENCY_POWEROFF] = "powering off",
		[EMERGENCY_HALT] = "halting",
	};
	struct timespec pause = { .tv_sec = PAUSE_SECONDS };

	write_report(run, stage);
	log_console(LOG_ERR, "the boot cannot go on; %s in %d s (rd.shell=1 gives a shell here)",
		    hows[run->boot.emergency], PAUSE_SECONDS);
	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
	leave_now(run->boot.emergency);
}
