/* SPDX-License-Identifier: MIT */
/* check: everything that could make the switch fail, looked at before anything is moved. */
#include <elf.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/inroot.h"
#include "base/log.h"
#include "init/executable.h"
#include "init/filesystem.h"
#include "init/ramroot.h"
#include "init/run.h"
#include "init/stages.h"

/* The API file systems are moved to these; a symlink there could lead anywhere. */
static int check_directory(int root, const char *name)
{
	struct stat st;

	if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT && mkdirat(root, name, 0755) == 0)
			return 0;
		log_error("cannot switch into the root: it has no directory /%s and none can be made: %s", name,
			  strerror(errno));
		return -ENOENT;
	}
	if (!S_ISDIR(st.st_mode)) {
		log_error("cannot switch into the root: its /%s is no directory", name);
		return -ENOTDIR;
	}
	return 0;
}

/* The test that systemctl switch-root makes: the same inode, not the same name. */
static bool is_systemd(int root, const char *path)
{
	static const char *const names[] = { "/usr/lib/systemd/systemd", "/lib/systemd/systemd" };
	_cleanup_close_ int fd = inroot_open(root, path, O_PATH);
	struct stat a, b;

	if (fd < 0 || fstat(fd, &a) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_close_ int other = inroot_open(root, names[i], O_PATH);

		if (other >= 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	}
	return false;
}

/* Started once more we would start ourselves once more. */
static bool is_ourselves(int root, const char *path)
{
	_cleanup_close_ int fd = inroot_open(root, path, O_PATH);
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static bool can_be_next(int root, const char *path, char *why, size_t size)
{
	if (executable_check(root, path, why, size) < 0)
		return false;
	if (!is_ourselves(root, path))
		return true;
	(void)snprintf(why, size, "it is the initramfs's own");
	return false;
}

/*
 * The first that can be executed; what is wrong with the others is said only when it was asked for. The initramfs's own
 * shell is the rescue shell, which is given only where it was asked for.
 */
static const char *choose_init(int root, const char *asked, bool stays)
{
	const char *const candidates[] = { asked, "/sbin/init", "/etc/init", "/bin/init", stays ? NULL : "/bin/sh" };

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		char why[256];

		if (!candidates[i])
			continue;
		if (can_be_next(root, candidates[i], why, sizeof(why)))
			return candidates[i];
		if (i == 0)
			log_warning("init=%s cannot be executed: %s; trying the usual ones", asked, why);
		else
			log_info("%s cannot be executed: %s", candidates[i], why);
	}
	return NULL;
}

int check_init(struct run *run)
{
	static const char *const directories[] = { "dev", "proc", "sys", "run" };
	bool stays = ramroot_stays(&run->boot);
	const char *where = stays ? "/" : SYSROOT;
	_cleanup_close_ int root = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *init;
	int r;

	if (root < 0)
		return log_errno(-errno, "cannot open %s", where);
	init = choose_init(root, run->boot.init, stays);
	if (!init) {
		log_error("the root has no init that can be executed: looked for %s%s/sbin/init, /etc/init, "
			  "/bin/init%s in it; %s", run->boot.init ? run->boot.init : "",
			  run->boot.init ? ", " : "", stays ? "" : ", /bin/sh",
			  stays ? "rd.slipway.stay is for an image that has a system"
				: "is root= the right file system?");
		return -ENOEXEC;
	}
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		r = check_directory(root, directories[i]);
		if (r < 0)
			return r;
	}
	if (string_set(&run->next.path, init) < 0)
		return log_errno(-ENOMEM, "cannot remember %s", init);
	/* Its hand-over is for one that comes after a switch. */
	run->next.systemd = !stays && is_systemd(root, init);
	log_debug("the next init is %s%s", init, run->next.systemd ? ", which is systemd" : "");
	return 0;
}
