/* SPDX-License-Identifier: MIT */
/* pivot: into the exitrd, for who was executed where it lies, by an init that does not go there itself. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/macro.h"
#include "shutdown/pivot.h"

bool pivot_is_due(void)
{
	return access("/shutdown", F_OK) < 0;
}

/* pivot_root(2) wants a mount; a directory of /run becomes one by being bound to itself. */
static int make_mount(const char *exitrd)
{
	_cleanup_free_ char *above = NULL;
	struct stat here, there;

	if (asprintf(&above, "%s/..", exitrd) < 0)
		return -ENOMEM;
	if (stat(exitrd, &here) < 0 || stat(above, &there) < 0)
		return -errno;
	if (here.st_dev != there.st_dev)
		return 0;
	return mount(exitrd, exitrd, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* An init that makes all read-only that it cannot unmount has done so with us, too. */
static int make_directory(const char *name)
{
	if (mkdir(name, 0755) == 0 || errno == EEXIST)
		return 0;
	if (errno == EROFS && mount(NULL, ".", NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, NULL) == 0 &&
	    mkdir(name, 0755) == 0)
		return 0;
	return -errno;
}

int pivot_into(const char *exitrd)
{
	static const char *const api[] = { "proc", "sys", "dev" };
	int r;

	/* Neither a move nor a pivot is allowed out of a shared mount. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	r = make_mount(exitrd);
	if (r == 0 && chdir(exitrd) < 0)
		r = -errno;
	if (r == 0)
		r = make_directory("oldroot");
	if (r < 0)
		return r;
	/* What is not mounted there is mounted anew later on. */
	for (size_t i = 0; i < ARRAY_SIZE(api); i++) {
		_cleanup_free_ char *from = NULL;

		if (asprintf(&from, "/%s", api[i]) >= 0 && make_directory(api[i]) == 0)
			(void)mount(from, api[i], NULL, MS_MOVE, NULL);
	}
	if (syscall(SYS_pivot_root, ".", "oldroot") < 0)
		return -errno;
	return chroot(".") < 0 || chdir("/") < 0 ? -errno : 0;
}
