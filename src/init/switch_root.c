/* SPDX-License-Identifier: MIT */
/*
 * switch_root: into the real root and its init. What could fail was checked before; from the first move on
 * there is no way back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/process.h"
#include "base/signals.h"
#include "base/strv.h"
#include "init/checked.h"
#include "init/extra.h"
#include "init/filesystem.h"
#include "init/fsck.h"
#include "init/keep.h"
#include "init/leave.h"
#include "init/oldroot.h"
#include "init/passage.h"
#include "init/priority.h"
#include "init/ramdisk.h"
#include "init/ramroot.h"
#include "init/rootfile.h"
#include "init/run.h"
#include "init/serialize.h"
#include "init/stages.h"
#include "init/trace.h"
#include "init/udevdb.h"

#define HAND_OVER_FD 3

/* The root of a mount namespace cannot be pivoted away when it is the rootfs: the new one is moved over it. */
static int move_root(void)
{
	if (chdir(SYSROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return log_errno(-errno, "cannot move " SYSROOT " to /");
	return 0;
}

/* What the kernel would have passed, and the time: "REALTIME MONOTONIC", realtime first. */
static int make_environment(const struct run *run, char ***ret)
{
	_cleanup_strv_ char **env = NULL;
	_cleanup_free_ char *stamp = NULL;
	int r = 0;

	if (asprintf(&stamp, "RD_TIMESTAMP=%llu %llu", (unsigned long long)run->realtime,
		     (unsigned long long)run->monotonic) < 0)
		return -ENOMEM;
	STRV_FOREACH(word, run->environment)
		if (r == 0 && !startswith(*word, "RD_TIMESTAMP="))
			r = strv_push(&env, *word);
	if (r == 0)
		r = strv_push(&env, stamp);
	if (r == 0 && run->next.credentials)
		r = strv_push(&env, "ENCRYPTED_CREDENTIALS_DIRECTORY=" EXTRA_CREDENTIALS);
	if (r == 0)
		*ret = TAKE_PTR(env);
	return r;
}

static int make_arguments(const struct run *run, const char *init, bool hand_over, char ***ret)
{
	_cleanup_strv_ char **argv = NULL;
	char fd[32];
	int r = strv_push(&argv, init);

	(void)snprintf(fd, sizeof(fd), "--deserialize=%d", HAND_OVER_FD);
	const char *const words[] = { "--switched-root", "--system", fd };

	for (size_t i = 0; hand_over && r == 0 && i < ARRAY_SIZE(words); i++)
		r = strv_push(&argv, words[i]);
	STRV_FOREACH(word, run->args)
		if (r == 0)
			r = strv_push(&argv, *word);
	if (r == 0)
		*ret = TAKE_PTR(argv);
	return r;
}

/* Comes back only when exec failed. */
static void exec_init(const struct run *run, const char *init, bool hand_over, char **env)
{
	_cleanup_strv_ char **argv = NULL;

	if (make_arguments(run, init, hand_over, &argv) < 0)
		return;
	(void)execve(init, argv, env);
	log_errno(-errno, "cannot execute %s", init);
}

/* What took time so far; the check of the root is a unit of systemd's own. */
static void make_bars(struct run *run)
{
	int r = bars_collect(&run->profile, fsck_is_done(&run->root_fsck) ? "root/fsck" : NULL, &run->bars);

	if (r == 0)
		r = bars_write(&run->bars);
	if (r < 0)
		log_warning("cannot tell systemd what took how long: %s, ignoring", strerror(-r));
}

/* Only for systemd, only when it is wanted, and only with a descriptor that cannot freeze it. */
static bool prepare_hand_over(struct run *run)
{
	int r;

	if (!run->next.systemd || !run->boot.serialize)
		return false;
	make_bars(run);
	r = serialize_open(run, HAND_OVER_FD);
	if (r == 0 && serialize_check(HAND_OVER_FD))
		return true;
	log_warning("cannot hand the initrd's time over to systemd: %s, ignoring",
		    strerror(r < 0 ? -r : EBADF));
	(void)close(HAND_OVER_FD);
	bars_remove(&run->bars);
	return false;
}

/* Just before exec: what follows is the next init's start. */
static void leave_profile(struct run *run)
{
	struct trace_facts facts = { .began = run->monotonic, .root = boot_root_text(&run->boot) };
	int r;

	facts.processes = run->newest > 0 && run->processes > 0 ? run->newest - run->processes : 0;
	facts.exec = clock_monotonic();
	run->span = profile_stage(&run->profile, run->span, "exec", facts.exec);
	r = trace_write(&run->profile, &facts, "/run/slipway/profile.json");
	if (r < 0)
		log_warning("cannot write /run/slipway/profile.json: %s, ignoring", strerror(-r));
}

/* Files for systemd: what it shall leave alone. Each is worth a warning at most. */
static void write_units(const struct run *run)
{
	int r = checked_write(&run->usr_fsck);

	if (r < 0)
		log_warning("cannot tell systemd that /usr is checked: %s, ignoring", strerror(-r));
	r = rootfile_write_unit(&run->boot);
	if (r < 0)
		log_warning("cannot tell systemd to leave " ROOTFILE_HOST " alone: %s, ignoring", strerror(-r));
	r = keep_write_units(&run->boot.live);
	if (r < 0)
		log_warning("cannot tell systemd of what the root is made of: %s, ignoring", strerror(-r));
}

/* The last things that are still ours to say, then nothing of us is left. */
static _Noreturn void become_init(struct run *run)
{
	static const char *const others[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	_cleanup_strv_ char **env = NULL;
	bool hand_over;

	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	signals_reset();
	priority_leave();
	hand_over = prepare_hand_over(run);
	leave_profile(run);
	if (make_environment(run, &env) == 0) {
		exec_init(run, run->next.path, hand_over, env);
		if (hand_over) {
			(void)close(HAND_OVER_FD);
			bars_remove(&run->bars);
			exec_init(run, run->next.path, false, env);
		}
		checked_remove(&run->usr_fsck);
		rootfile_remove_unit(&run->boot);
		keep_remove_units(&run->boot.live);
		/* The last, a shell, only of another root: here it would be the rescue shell. */
		for (size_t i = 0; i < ARRAY_SIZE(others) - ramroot_stays(&run->boot); i++)
			if (!streq(others[i], run->next.path))
				exec_init(run, others[i], false, env);
	}
	leave_after_failure(run, "switch-root");
}

/* Without it udevd would not believe in our mappings. */
static void tell_udev(const struct run *run)
{
	_cleanup_close_ int fd = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : udevdb_write(fd, &run->devices, clock_monotonic());

	if (r < 0)
		log_warning("cannot tell udev of the mappings: %s, ignoring", strerror(-r));
}

static int move_over(struct run *run, const struct ramdisk *ram)
{
	int span = profile_begin(&run->profile, SPAN_STAGE, "switch-root/move", NULL);
	int r = passage_make(&run->boot);

	if (r == 0)
		r = ramdisk_is_there(ram) ? ramdisk_pivot() : move_root();
	profile_end(&run->profile, span);
	return r;
}

/* Takes `old`. */
static void free_memory(struct run *run, int old, const struct ramdisk *ram)
{
	int span = profile_begin(&run->profile, SPAN_STAGE, "switch-root/empty", NULL);
	int r = oldroot_empty(old);

	if (r < 0)
		log_warning("cannot free the memory of the initramfs: %s, ignoring", strerror(-r));
	if (ramdisk_is_there(ram))
		ramdisk_free(ram);
	profile_end(&run->profile, span);
}

static int switch_over(struct run *run)
{
	_cleanup_close_ int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(ramdisk_close) struct ramdisk ram = RAMDISK_NONE;
	int r;

	if (old < 0)
		return log_errno(-errno, "cannot open /");
	ramdisk_open(&ram);
	r = move_over(run, &ram);
	if (r == 0)
		free_memory(run, TAKE_FD(old), &ram);
	return r;
}

int enter_sysroot(struct run *run)
{
	int r = 0;

	/* As long as /proc is there. */
	run->newest = process_newest();
	tell_udev(run);
	run->next.credentials = extra_keep(run->next.systemd) && run->next.systemd;
	if (run->next.systemd)
		write_units(run);
	if (ramroot_stays(&run->boot))
		ramroot_stay(run);
	else
		r = switch_over(run);
	if (r < 0)
		return r;
	log_info("starting %s", run->next.path);
	log_set_stage(NULL);
	become_init(run);
}
