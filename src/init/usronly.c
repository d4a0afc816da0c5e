/* SPDX-License-Identifier: MIT */
/* usronly: a root that is empty but for /usr. */
#include "init/usronly.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/worker.h"
#include "init/filesystem.h"
#include "init/live.h"
#include "init/run.h"

#define DEADLINE (60 * USEC_PER_SEC)

/* "bin", "sbin", "lib", "lib64", where they lead into /usr: without them no program there finds its interpreter. */
static int copy_links(int from, int to)
{
	static const char *const names[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char target[256];
		ssize_t n = readlinkat(from, names[i], target, sizeof(target) - 1);

		if (n < 0)
			continue;
		target[n] = '\0';
		if (symlinkat(target, to, names[i]) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* In the worker. */
static int fill(int fd, void *data)
{
	_cleanup_close_ int from = open(live_lower(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = open(SYSROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *usr = NULL;
	int r;

	if (from < 0 || to < 0)
		return -errno;
	r = copy_links(from, to);
	if (r < 0)
		return r;
	if (asprintf(&usr, "%s/usr", live_lower()) < 0)
		return -ENOMEM;
	if (mkdirat(to, "usr", 0755) < 0 && errno != EEXIST)
		return -errno;
	return mount(usr, SYSROOT "/usr", NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

int usronly_mount(struct run *run)
{
	const char *size = run->boot.live.upper_size;
	_cleanup_free_ char *options = NULL;
	struct mount_request m = { .source = "tmpfs", .target = SYSROOT, .fstype = "tmpfs" };
	int r;

	if (asprintf(&options, "mode=0755%s%s", size ? ",size=" : "", size ? size : "") < 0)
		return log_errno(-ENOMEM, "cannot mount the root");
	m.options = options;
	r = mount_fs(run, &m);
	if (r < 0)
		return r;
	r = worker_call(fill, NULL, clock_add(clock_monotonic(), DEADLINE), NULL, NULL);
	return r < 0 ? log_errno(r, "cannot take /usr of %s for the root", live_lower()) : 0;
}
