/* SPDX-License-Identifier: MIT */
/* rescue: a shell on the console, and what a crash does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/spawn.h"
#include "init/rescue.h"

#define SHELL "/bin/sh"

static const char *const shell_argv[] = { SHELL, NULL };
static const char *const shell_env[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TERM=linux", "PS1=slipway:\\w# ", NULL,
};

bool rescue_allowed(const struct boot *boot, bool secret_refused)
{
	if (secret_refused || boot->shell == NO)
		return false;
	return boot->shell == YES || boot->breaks;
}

bool rescue_has_shell(void)
{
	return access(SHELL, X_OK) == 0;
}

int rescue_shell(const char *why)
{
	_cleanup_close_ int console = open("/dev/console", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct spawn s = {
		.argv = shell_argv,
		.envp = shell_env,
		.stdin_fd = console,
		.stdout_fd = console,
		.stderr_fd = console,
		.session = true,
	};
	int status, r;

	if (console < 0)
		return -errno;
	log_console(LOG_NOTICE, "%s; \"exit\" goes on", why);
	r = spawn_run(&s, USEC_FOREVER, &status);
	if (r == 0)
		log_notice("the shell has ended, going on");
	return r;
}

static void crash_line(int sig)
{
	char line[] = "<2>slipway: /init crashed by signal 00; please report it\n";
	char *digits = strstr(line, "00");

	digits[0] = (char)('0' + sig / 10);
	digits[1] = (char)('0' + sig % 10);
	log_crash(line);
}

/* Which of the two is installed is all the state a crash needs. */
static void crash_to_panic(int sig)
{
	crash_line(sig);
	_exit(1);
}

static void crash_to_shell(int sig)
{
	sigset_t none;

	crash_line(sig);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(SHELL, (char *const *)shell_argv, (char *const *)shell_env);
	_exit(1);
}

void rescue_catch_crashes(bool shell_allowed)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
	struct sigaction sa = {
		.sa_handler = shell_allowed ? crash_to_shell : crash_to_panic,
		.sa_flags = SA_RESETHAND | SA_NODEFER,
	};

	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		(void)sigaction(crashes[i], &sa, NULL);
}
