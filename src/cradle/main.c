/* SPDX-License-Identifier: MIT */
/*
 * cradle: PID 1 that holds another init, which knows nothing of an exitrd, and goes to that when it halts.
 *
 * The init runs as process 1 of a PID namespace of its own, with all that it starts. reboot(2) in there does not end
 * the machine: the kernel ends the namespace, all of it, and tells us by a signal which it was (kernel/pid_namespace.c,
 * reboot_pid_ns). Nothing of the old root is in use by then but by us, who become /run/initramfs/shutdown.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/signals.h"
#include "cradle/ending.h"

#define EXITRD   "/run/initramfs"
#define SHUTDOWN EXITRD "/shutdown"

/* From the kernel's command line: a word KEY=VALUE that it does not know is in our environment. */
#define NAME "CRADLE"

/* What the kernel itself sends to PID 1: Ctrl-Alt-Del, power failure, the key combination of kbd(4). */
static const int passed_on[] = { SIGINT, SIGPWR, SIGWINCH };

static _Noreturn void become_init(const char *init, char **argv)
{
	signals_reset();
	if (chdir("/") < 0)
		log_warning("cannot change to /: %s, ignoring", strerror(errno));
	argv[0] = (char *)init;
	(void)unsetenv(NAME);
	(void)execv(init, argv);
	log_errno(-errno, "cannot execute %s (" NAME "= on the kernel command line names another)", init);
	_exit(127);
}

static pid_t start(const char *init, char **argv)
{
	/* As fork(2), in a new namespace. The raw call: no stack is given, so none of libc's wrappers fit. */
	long pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0L, 0L, 0L, 0L);

	if (pid == 0) {
		/* It shares our mounts: this one lies upon the one that shows all processes of the machine. */
		if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
			log_warning("cannot mount /proc for %s: %s, ignoring", init, strerror(errno));
		become_init(init, argv);
	}
	return pid < 0 ? -errno : (pid_t)pid;
}

/* Until it has ended; its wait status. Whatever else is ours is reaped on the way. */
static int hold(pid_t init, const sigset_t *all)
{
	for (;;) {
		int status, signal = sigwaitinfo(all, NULL);
		pid_t pid;

		for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
			if (signal == passed_on[i])
				(void)kill(init, signal);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == init)
				return status;
	}
}

/* The inits unmount what is not in use: our directory is, so that `umount -a` leaves the exitrd where it is. */
static void hold_exitrd(void)
{
	if (access(SHUTDOWN, X_OK) < 0)
		log_warning("cannot execute " SHUTDOWN ": %s; there is no way back, ignoring", strerror(errno));
	if (chdir(EXITRD) < 0 && chdir("/") < 0)
		log_warning("cannot change to /: %s, ignoring", strerror(errno));
}

static _Noreturn void go_back(const struct ending *e)
{
	char *argv[] = { (char *)SHUTDOWN, (char *)e->verb, NULL };

	(void)umount2("/proc", MNT_DETACH);
	(void)execv(SHUTDOWN, argv);
	log_errno(-errno, "cannot execute " SHUTDOWN "; the machine ends without it");
	sync();
	(void)reboot(e->command);
	_exit(1);
}

int main(int argc, char **argv)
{
	const char *init = getenv(NAME) ?: "/sbin/init";
	const struct ending *e;
	sigset_t all;
	int status;
	pid_t pid;

	log_open("slipway-cradle", getpid() == 1 ? LOG_SINK_KMSG : LOG_SINK_STDERR);
	if (getpid() != 1) {
		log_error("cannot run as process %d: it holds the machine's init, so only PID 1 may be it", getpid());
		return 2;
	}
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	/* In its namespace the init cannot ask for that; without it Ctrl-Alt-Del resets at once. */
	(void)reboot(RB_DISABLE_CAD);
	hold_exitrd();
	pid = start(init, argv);
	if (pid < 0) {
		log_errno(pid, "cannot make a PID namespace for %s; it is executed without a way back", init);
		become_init(init, argv);
	}
	status = hold(pid, &all);
	e = ending_of(status);
	if (e)
		go_back(e);
	log_error("%s has ended by itself (%s %d): the kernel panics, as it would without us", init,
		  WIFSIGNALED(status) ? "signal" : "exit code",
		  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	sync();
	return 1;
}
