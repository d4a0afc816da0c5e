/* SPDX-License-Identifier: MIT */
/* enter: making a known state of what PID 1 was handed. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/strv.h"
#include "shutdown/enter.h"

/* include/linux/proc_ns.h: PROC_PID_INIT_INO, the inode of the first PID namespace since Linux 3.8 */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

void enter_signals(const struct verb *verb)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };
	struct sigaction sa = { .sa_handler = verb->crash, .sa_flags = SA_ONSTACK | SA_NODEFER };
	stack_t stack = { .ss_size = (size_t)64 * 1024 };

	signals_reset();
	/* A write to a console that hung up must not end PID 1's work. */
	(void)signal(SIGPIPE, SIG_IGN);
	stack.ss_sp = malloc(stack.ss_size);
	if (stack.ss_sp)
		(void)sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		(void)sigaction(fatal[i], &sa, NULL);
}

/* What the initrd gave to init comes back here, months later, and would go on to helpers. */
static void scrub_environment(void)
{
	static const char *const keep[] = { "TERM", "WATCHDOG_USEC", "WATCHDOG_DEVICE", "WATCHDOG_PID" };
	char *values[ARRAY_SIZE(keep)] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		const char *value = getenv(keep[i]);

		values[i] = value ? strdup(value) : NULL;
	}
	(void)clearenv();
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		if (values[i])
			(void)setenv(keep[i], values[i], 1);
		free(values[i]);
	}
}

/* Locked, so that nothing of us has to be read from a disk that is gone, or written to swap that goes. */
static void lock_memory(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	/* With a limit MCL_FUTURE makes later allocations fail, which is worse than being paged. */
	if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_debug("cannot lock memory: %s, ignoring", strerror(errno));
}

void enter_process(void)
{
	scrub_environment();
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	(void)umask(022);
}

/* systemd binds them into the exitrd; another init may not. Paths are relative to the root, our cwd. */
static void mount_api_filesystems(int root)
{
	static const struct {
		const char *type, *target, *shows;
		unsigned long flags;
	} wanted[] = {
		{ "proc",     "proc", "proc/self/mountinfo", MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "sysfs",    "sys",  "sys/block",           MS_NOSUID | MS_NODEV | MS_NOEXEC },
		{ "devtmpfs", "dev",  "dev/null",            MS_NOSUID                        },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (faccessat(root, wanted[i].shows, F_OK, 0) == 0)
			continue;
		(void)mkdirat(root, wanted[i].target, 0755);
		if (mount(wanted[i].type, wanted[i].target, wanted[i].type, wanted[i].flags, NULL) < 0)
			log_warning("cannot mount %s on /%s: %s, ignoring", wanted[i].type, wanted[i].target,
				    strerror(errno));
	}
}

void enter_root(int root)
{
	if (fchdir(root) < 0)
		log_warning("cannot change to /: %s, ignoring", strerror(errno));
	/* Shared mounts cannot be moved, and an unmount would propagate to where it is not wanted. */
	if (mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		log_warning("cannot make mounts private: %s, ignoring", strerror(errno));
	mount_api_filesystems(root);
	lock_memory();
	if (file_write(root, "proc/self/oom_score_adj", "-1000", 0) < 0)
		log_debug("cannot lower oom_score_adj, ignoring");
}

bool enter_is_machine(int root)
{
	struct stat st;

	return fstatat(root, "proc/self/ns/pid", &st, 0) == 0 && st.st_ino == FIRST_PID_NAMESPACE;
}
